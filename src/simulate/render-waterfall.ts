import { headerValue } from '../relay/header-value.ts'
import { type Axis, createAxis } from './axis.ts'
import { formatSpan } from './format-span.ts'
import type { Paint } from './paint.ts'
import type { TryRecord } from './record.ts'
import type { Waterfall } from './report.ts'
import { answeredByHeader } from './try-header.ts'

const glyphs = { sent: '█', backoff: '░', queue: '▒', refused: '×', caller: '─', answer: '▶' } as const

const meanings = [
  [glyphs.sent, 'at the upstream'],
  [glyphs.backoff, 'wait before a retry'],
  [glyphs.queue, 'wait for a slot or a token'],
  [glyphs.refused, 'refused, nothing sent'],
] as const

const columns = 50
const longestName = 20

/** One line for each try of each leg on a common time axis, and the answer below them. */
export const renderWaterfall = (
  { why, untilMs, tries, answer }: Waterfall,
  legs: readonly string[],
  paint: Paint,
): readonly string[] => {
  const axis = createAxis(untilMs, columns)
  const names = ['caller', ...legs].map(shorten)
  const width = Math.max(...names.map(({ length }) => length))
  // Room for ` #2 retry `.
  const kinds = Math.max(0, ...tries.map(({ kind }) => (kind === 'first' ? 0 : kind.length + 1)))
  const margin = ' '.repeat(width + 5 + kinds)
  const by = headerValue(answer?.headers ?? [], answeredByHeader)
  const rows = legs.flatMap(leg => {
    const own = tries.filter(each => each.leg === leg)
    if (own.length === 0) return [`${shorten(leg).padEnd(width)}  ${paint('dim', 'not sent')}`]
    return own.map((each, index) => {
      const name = (index === 0 ? shorten(leg) : '').padEnd(width)
      const isAnswer = by === `${leg} ${each.number}`
      const label = `#${each.number}${each.kind === 'first' ? '' : ` ${each.kind}`}`
      return `${name} ${label.padEnd(3 + kinds)} ${tryLine(each, own, axis, { isAnswer, paint })}`
    })
  })
  const drawn = rows.join('')
  const legend = meanings
    .filter(([glyph]) => drawn.includes(glyph))
    .map(([glyph, text]) => `${glyph} ${text}`)
  return [
    ...(why === '' ? [] : [paint('bold', why)]),
    ...axis.lines.map(line => margin + paint('dim', line)),
    ...rows,
    callerLine(answer, axis, margin, paint),
    ...(legend.length > 0 ? [margin + paint('dim', legend.join('   '))] : []),
  ]
}

const shorten = (name: string): string =>
  name.length <= longestName ? name : `${name.slice(0, longestName - 1)}…`

interface Marks {
  /** The caller got this try's answer. */
  readonly isAnswer: boolean
  readonly paint: Paint
}

const tryLine = (
  one: TryRecord,
  own: readonly TryRecord[],
  axis: Axis,
  { isAnswer, paint }: Marks,
): string => {
  const { startMs, endMs, arrivedMs, kind, queued } = one
  const sentMs = queued ? (arrivedMs ?? endMs ?? startMs) : startMs
  const isRefused = arrivedMs === undefined && refusals.has(one.error)
  const line = Array<string>(axis.columns).fill(' ')
  const fill = (fromMs: number, toMs: number, glyph: string, least: number): void => {
    const from = Math.min(axis.at(fromMs), axis.columns - least)
    line.fill(glyph, from, Math.max(axis.at(toMs), from + least))
  }
  if (kind === 'retry') fill(endBefore(one, own), startMs, glyphs.backoff, 0)
  if (queued) fill(startMs, sentMs, glyphs.queue, 0)
  if (isRefused) fill(sentMs, sentMs, glyphs.refused, 1)
  else if (!queued || arrivedMs !== undefined) fill(sentMs, endMs ?? Number.POSITIVE_INFINITY, glyphs.sent, 1)
  const lasted = endMs === undefined ? '' : formatSpan(endMs - sentMs)
  const notes = [
    resultOf(one),
    ...(queued ? [`queued ${formatSpan(sentMs - startMs)}`] : []),
    ...(isAnswer ? ['to the caller'] : []),
  ]
  return `${paint(styleOf(one), line.join(''))} ${lasted.padStart(7)}  ${notes.join('  ')}`
}

/** Of the relay's own: a try that ended so and reached nobody was not sent. */
const refusals: ReadonlySet<string> = new Set(['circuit_open', 'rate_limited', 'connection_limit_reached'])

const endBefore = (one: TryRecord, own: readonly TryRecord[]): number =>
  Math.max(
    0,
    ...own.filter(each => each !== one && (each.endMs ?? 0) <= one.startMs).map(({ endMs = 0 }) => endMs),
  )

const resultOf = ({ status, error, endMs }: TryRecord): string => {
  if (endMs === undefined) return 'still under way'
  if (status > 0 && (error === '' || error === 'http_status')) return String(status)
  return status > 0 ? `${status} ${error}` : error
}

const styleOf = ({ error, endMs }: TryRecord): 'green' | 'red' | 'yellow' => {
  if (endMs === undefined || error === 'client_cancelled') return 'yellow'
  return error === '' ? 'green' : 'red'
}

const callerLine = (answer: Waterfall['answer'], axis: Axis, margin: string, paint: Paint): string => {
  const name = 'caller'.padEnd(margin.length)
  if (!answer) return `${name}${glyphs.caller.repeat(axis.columns)}          no answer yet`
  const line = `${glyphs.caller.repeat(Math.max(0, axis.at(answer.atMs) - 1))}${glyphs.answer}`
  const what = answer.status === 0 ? 'no answer' : `${answer.status}  ${answer.outcome}`
  const cut = answer.complete || answer.status === 0 ? '' : '  cut short'
  const style = answer.outcome === 'success' ? 'green' : answer.outcome === 'partial' ? 'yellow' : 'red'
  return `${name}${line.padEnd(axis.columns)} ${formatSpan(answer.atMs).padStart(7)}  ${paint(style, what)}${cut}`
}
