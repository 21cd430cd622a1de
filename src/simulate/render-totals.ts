import { formatSpan } from './format-span.ts'
import { maxTransitions } from './record.ts'
import type { Report, ReportedLeg } from './report.ts'

/** What became of all requests: callers first, then each leg. */
export const renderTotals = (report: Report): readonly string[] => [
  ...callerLines(report),
  '',
  ...legTable(report.legs),
  ...report.legs.flatMap(policyLines),
]

const outcomes = ['success', 'partial', 'failed', 'rejected'] as const

const callerLines = (report: Report): readonly string[] => {
  const { requests, unanswered, notSent, elapsedMs, latency, amplification, legs, load } = report
  const rate = load.kind === 'rate' ? ` at ${Number(load.perSecond.toFixed(2))}/s` : ', one after another'
  const counted = outcomes.flatMap(outcome => {
    const statuses = report.outcomes[outcome]
    if (!statuses) return []
    const count = Object.values(statuses).reduce((sum, each) => sum + each, 0)
    return [`  ${outcome.padEnd(8)}  ${String(count).padStart(6)}   ${counts(renamed(statuses))}`]
  })
  const [sent, offered] = [sum(legs, leg => leg.sent), sum(legs, leg => leg.offered)]
  return [
    `${plural(requests, 'request')} in ${formatSpan(elapsedMs)}${rate}`,
    ...counted,
    ...(unanswered > 0
      ? [`  no answer ${String(unanswered).padStart(6)}   when the simulation was ended`]
      : []),
    ...(notSent > 0 ? [`  not sent  ${String(notSent).padStart(6)}   too many were under way`] : []),
    ...(latency
      ? [
          `  latency   p50 ${formatSpan(latency.p50Ms)}   p95 ${formatSpan(latency.p95Ms)}   p99 ${formatSpan(latency.p99Ms)}   max ${formatSpan(latency.maxMs)}`,
        ]
      : []),
    ...(amplification === undefined
      ? []
      : [
          `  upstream  ${plural(sent, 'request')} for ${plural(offered, 'leg')}: amplification ${amplification.toFixed(2)}`,
        ]),
    ...(report.rateLimited > 0 ? [`  rateLimit of the route refused ${report.rateLimited}`] : []),
  ]
}

const renamed = (statuses: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(statuses).map(([status, count]) => [status === '0' ? 'none' : status, count]),
  )

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

const sum = (legs: readonly ReportedLeg[], of: (leg: ReportedLeg) => number): number =>
  legs.reduce((total, leg) => total + of(leg), 0)

/** `200 ×90, 503 ×31` */
const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ×${count}`)
    .join(', ')

const legTable = (legs: readonly ReportedLeg[]): readonly string[] => {
  const width = Math.max(3, ...legs.map(({ name }) => name.length))
  const head = `${'leg'.padEnd(width)}  offered    sent  retries  hedges  over budget  results`
  return [
    head,
    ...legs.map(leg => {
      const { name, offered, sent, retries, hedges, budgetRefused, results } = leg
      const numbers = [
        String(offered).padStart(7),
        String(sent).padStart(6),
        String(retries).padStart(7),
        String(hedges).padStart(6),
        String(budgetRefused).padStart(11),
      ]
      return `${name.padEnd(width)}  ${numbers.join('  ')}  ${counts(results)}`
    }),
  ]
}

/** What only some legs have. */
const policyLines = ({
  name,
  transitions,
  transitionCount,
  rateLimited,
  queued,
  skipped,
}: ReportedLeg): readonly string[] => {
  const changes = transitions.map(({ state, atMs }) => `${state} at ${formatSpan(atMs)}`)
  if (transitionCount > maxTransitions) changes.push(`and ${transitionCount - maxTransitions} more`)
  return [
    ...(changes.length > 0 ? [`${name} circuit: ${changes.join(', ')}`] : []),
    ...(rateLimited > 0 ? [`${name} rateLimit refused ${rateLimited}`] : []),
    ...(queued > 0 ? [`${name} queued ${queued}`] : []),
    ...(Object.keys(skipped).length > 0 ? [`${name} copies not sent: ${counts(skipped)}`] : []),
  ]
}
