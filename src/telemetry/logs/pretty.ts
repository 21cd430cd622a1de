import { escapeControls } from './control-characters.ts'

export interface PrettyOptions {
  readonly colour: boolean
}

type Style = 'dim' | 'red' | 'yellow' | 'green'
type Paint = (style: Style, text: string) => string

const codes: Readonly<Record<Style, number>> = { dim: 2, red: 31, yellow: 33, green: 32 }
const levelStyles: Readonly<Record<string, Style>> = {
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
}

/**
 * One line of the JSON log for people: `12:34:56.789 WARN  message  key=value …`, stacks below it.
 * Everything that may come from outside is escaped; the only control sequences are our own colours.
 */
export function createPretty({ colour }: PrettyOptions): (line: string) => string {
  const paint: Paint = colour
    ? (style, text) => `\x1b[${codes[style]}m${text}\x1b[0m`
    : (_style, text) => text
  return line => {
    const { level, time, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>
    const name = String(level)
    const head = [
      paint('dim', escapeControls(String(time)).slice(11, 23)),
      paint(levelStyles[name] ?? 'dim', escapeControls(name).toUpperCase().padEnd(5)),
      isAccessLine(msg, fields) ? accessText(fields, paint) : escapeControls(String(msg)),
    ]
    const rest = isAccessLine(msg, fields) ? accessRest(fields) : fields
    const pairs = Object.entries(rest).map(([key, value]) =>
      paint('dim', `${escapeControls(key)}=${show(value)}`),
    )
    return `${[...head, ...pairs].join(' ')}\n${errorText(err, '  ')}`
  }
}

const isAccessLine = (msg: unknown, fields: Record<string, unknown>): boolean =>
  msg === 'request' && Array.isArray(fields['legs'])

/** `POST /orders 207 partial 38.2ms inventory 201 38ms, crm http_response_timeout 1500ms` */
function accessText(fields: Record<string, unknown>, paint: Paint): string {
  const { method, path, status, outcome, durationMs, legs } = fields
  const style = outcome === 'success' ? 'green' : outcome === 'failed' ? 'red' : 'yellow'
  const legTexts = (legs as Record<string, unknown>[]).map(leg =>
    [
      leg['name'],
      leg['error'] ?? (leg['outcome'] === 'success' ? leg['status'] : leg['outcome']),
      `${leg['ms']}ms`,
    ]
      .map(part => escapeControls(String(part)))
      .join(' '),
  )
  const words = [show(method), show(path), show(status), paint(style, show(outcome)), `${show(durationMs)}ms`]
  return legTexts.length === 0 ? words.join(' ') : `${words.join(' ')} [${legTexts.join(', ')}]`
}

const accessRest = ({ method, path, status, outcome, durationMs, legs, ...rest }: Record<string, unknown>) =>
  rest

const show = (value: unknown): string =>
  escapeControls(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

function errorText(err: unknown, indent: string): string {
  if (typeof err !== 'object' || err === null) return ''
  const { stack, message, cause } = err as { stack?: unknown; message?: unknown; cause?: unknown }
  const lines = String(stack ?? message).split('\n')
  const text = lines.map(line => `${indent}${escapeControls(line)}\n`).join('')
  return cause === undefined ? text : `${text}${indent}caused by\n${errorText(cause, `${indent}  `)}`
}
