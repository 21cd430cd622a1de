import type {
  ExplainedLeg,
  ExplainedMatch,
  ExplainedRoute,
  ExplainedWinner,
  Explanation,
  Setting,
} from './explanation.ts'
import { formatMs } from './format.ts'
import type { PlannedRetryBudget } from './types.ts'

/** An explanation for a terminal: plain text, one fact a line, ending with a line break. */
export const formatExplanation = ({ request, refused, winner, losers, nearest }: Explanation): string => {
  const host = request.host === '' ? '' : `  (host ${request.host})`
  const lines = [`${request.method} ${request.path}${request.query}${host}`, '']
  if (refused !== undefined) lines.push(refused)
  else if (!winner) lines.push(...formatMiss(nearest))
  else {
    lines.push(...formatWinner(winner))
    if (losers.length > 0) {
      lines.push('', 'also matching, in this order:')
      lines.push(...losers.map(loser => `  ${formatMatch(loser)}; lost by: ${loser.lostBy}`))
    }
  }
  return `${lines.join('\n')}\n`
}

const formatMatch = ({ route, field, match, hostname }: ExplainedMatch): string =>
  `${route} ${field}: ${match}${hostname === undefined ? '' : `, host ${hostname}`}`

const formatMiss = (nearest: Explanation['nearest']): readonly string[] => {
  if (nearest.length === 0) return ['no route matches: the files hold no valid route. The relay answers 404.']
  const routes = nearest.flatMap(near => [
    `  ${formatMatch(near)}`,
    ...near.missed.map(text => `    ${text}`),
  ])
  return ['no route matches. The relay answers 404. Nearest:', ...routes]
}

const formatWinner = (winner: ExplainedWinner): readonly string[] => {
  const head = [`taken by ${formatMatch(winner)}`, `because: ${winner.because}`]
  if (winner.served) return [...head, '', ...formatRoute(winner.served)]
  return [...head, '', `The route is invalid, so the relay answers 503: ${winner.broken}`]
}

const formatRoute = ({
  settings,
  legs,
  upstreamRequests,
  retryBudget,
  worstCaseMs,
}: ExplainedRoute): readonly string[] => {
  const { least, most } = upstreamRequests
  const count = least === most ? `${most}` : `${least} to ${most}`
  const longest = worstCaseMs === undefined ? 'unbounded' : formatMs(worstCaseMs)
  return [
    `upstream requests: ${count}; longest time to an answer: ${longest}`,
    ...(retryBudget ? [sustained(retryBudget)] : []),
    ...legs.flatMap(formatLeg),
    'route',
    ...formatSettings(settings),
  ]
}

/** The most for one request is not the most for many: the budget bounds these. */
const sustained = ({ percent, minPerSecond }: PlannedRetryBudget): string =>
  `sustained, retries and hedges included: at most ${(100 + percent) / 100} x the first tries + ${minPerSecond}/s`

const formatLeg = ({ name, role, method, url, settings }: ExplainedLeg): readonly string[] => [
  `${name} (${role}) ${method} ${url}`,
  ...formatSettings(settings),
]

const labelWidth = 'timeouts.backendRequest '.length

const formatSettings = (settings: readonly Setting[]): readonly string[] =>
  settings.map(({ name, value, from }) => `  ${name.padEnd(labelWidth)}${value}  (${from})`)
