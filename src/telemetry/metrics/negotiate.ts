import type { ExpositionFormat } from './exposition.ts'

/**
 * The format an Accept header asks for (RFC 9110 §12.5.1). OpenMetrics only where its version 1.0.0 is
 * named and liked at least as well as plain text, as Prometheus does; everybody else gets text.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  let openMetrics = 0
  let text = 0
  for (const range of (accept ?? '').split(',', 32)) {
    const [type = '', ...parameters] = range.split(';').map(part => part.trim().toLowerCase())
    const parameter = (name: string) =>
      parameters.find(part => part.startsWith(`${name}=`))?.slice(name.length + 1)
    const quality = Number(parameter('q') ?? 1)
    const version = parameter('version')?.replaceAll('"', '')
    if (type === 'application/openmetrics-text' && (version ?? '1.0.0') === '1.0.0') {
      openMetrics = Math.max(openMetrics, quality)
    } else if (type === 'text/plain' || type === 'text/*') {
      text = Math.max(text, quality)
    }
  }
  return openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text'
}
