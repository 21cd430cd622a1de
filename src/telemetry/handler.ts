import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Logger } from '../core/logger.ts'
import { contentTypes, type ExpositionFormat } from './metrics/exposition.ts'
import { negotiateFormat } from './metrics/negotiate.ts'

export interface Readiness {
  /** `reason` for people: what is waited for. It must say nothing about configuration. */
  ready(): { readonly ready: boolean; readonly reason: string }
}

export interface TelemetryParts {
  /** Absent = there is no /metrics. */
  readonly metrics?: { render(format: ExpositionFormat): Promise<string> }
  readonly readiness: Readiness
  /** Generations of the routes being served, by id; absent = there is no /routes. */
  readonly routes?: () => Readonly<Record<string, number>>
  readonly logger: Logger
}

interface Page {
  readonly status: number
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * /metrics, /livez, /readyz and /routes for the pod's own address: read-only, and they tell nothing about
 * configuration but the names and generations of routes, by which the controller knows what is served.
 * Probes ask every few seconds for as long as a relay lives, so this is a plain listener.
 */
export const telemetryHandler = ({ metrics, readiness, routes, logger }: TelemetryParts): RequestListener => {
  const pages: Readonly<
    Record<string, (request: IncomingMessage, verbose: boolean) => Page | Promise<Page>>
  > = {
    ...(metrics && {
      '/metrics': async ({ headers }: IncomingMessage): Promise<Page> => {
        const format = negotiateFormat(headers.accept)
        const text = await metrics.render(format)
        return { status: 200, text, headers: { 'content-type': contentTypes[format], vary: 'accept' } }
      },
    }),
    // That this answers at all is the check: the event loop turns.
    '/livez': (_request, verbose) => ({ status: 200, text: verbose ? '[+]eventloop ok\n' : 'ok\n' }),
    '/readyz': (_request, verbose) => {
      const { ready, reason } = readiness.ready()
      const brief = ready ? 'ok\n' : 'not ready\n'
      return {
        status: ready ? 200 : 503,
        text: verbose ? `${ready ? '[+]' : '[-]'}routes ${reason}\n` : brief,
      }
    },
    ...(routes && {
      '/routes': (): Page => ({
        status: 200,
        text: `${JSON.stringify({ routes: routes() })}\n`,
        headers: { 'content-type': 'application/json' },
      }),
    }),
  }
  const aliases: Readonly<Record<string, string>> = { '/healthz': '/livez' }
  const paths = [...Object.keys(pages), ...Object.keys(aliases)]

  return async function answer(request, response) {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    const page = Object.hasOwn(aliases, path) ? aliases[path]! : path
    if (!Object.hasOwn(pages, page)) {
      return send(response, { status: 404, text: `not found; try ${paths.join(', ')}\n` })
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return send(response, { status: 405, text: 'read-only\n', headers: { allow: 'GET, HEAD' } })
    }
    try {
      send(response, await pages[page]!(request, isVerbose(query)))
    } catch (error) {
      logger.error({ err: error, path }, 'telemetry request failed')
      send(response, { status: 500, text: 'internal error\n' })
    }
  }
}

const send = (response: ServerResponse, { status, text, headers }: Page): void => {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}

/** `?verbose`, as in Kubernetes, and `?verbose=true`. */
const isVerbose = (query: string): boolean => /(?:^|&)verbose(?:=(?!false(?:&|$))|&|$)/.test(query)
