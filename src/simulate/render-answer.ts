import { headerValue } from '../relay/header-value.ts'
import type { CallerAnswer } from './record.ts'

/** Fields that say what the relay made of it. */
const telling = ['X-FanOut-Status', 'Retry-After', 'Proxy-Status', 'Idempotent-Replayed']

const width = 110
const maxLines = 20

/** What the caller read: the status, the headers that are the relay's, and the body, shortened. */
export const renderAnswer = ({ status, headers, body }: CallerAnswer): readonly string[] => {
  if (status === 0) return []
  const fields = telling.flatMap(name => {
    const value = headerValue(headers, name.toLowerCase())
    return value === undefined ? [] : [`${name}: ${value}`]
  })
  const lines = (envelopeLines(body) ?? [body]).slice(0, maxLines)
  return [`answer ${[status, ...fields].join('   ')}`, ...lines.filter(line => line !== '').map(shortened)]
}

/** An entry a line, without what upstreams said; `undefined` for what is no envelope. */
const envelopeLines = (body: string): readonly string[] | undefined => {
  const envelope = parsed(body)
  if (!isObject(envelope) || !isObject(envelope['results'])) return undefined
  const { results, requestId: _, ...rest } = envelope
  const entries = Object.entries(results).map(([name, entry], index, { length }) => {
    const text = JSON.stringify(entry).replace(/,"body":.*$/s, ',"body":…}')
    return `  ${JSON.stringify(name)}:${text}${index < length - 1 ? ',' : '}}'}`
  })
  return [`${JSON.stringify(rest).slice(0, -1)},"results":{`, ...entries]
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const shortened = (line: string): string => {
  // What an upstream or a route says must not steer a terminal.
  const text = `  ${line.replaceAll(/\p{Cc}+/gu, ' ')}`
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
