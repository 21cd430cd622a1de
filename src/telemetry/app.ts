import { Hono } from 'hono'
import type { Logger } from '../core/logger.ts'
import { contentTypes, type ExpositionFormat } from './metrics/exposition.ts'
import { negotiateFormat } from './metrics/negotiate.ts'

export interface Readiness {
  /** `reason` for people: what is waited for. It must say nothing about configuration. */
  ready(): { readonly ready: boolean; readonly reason: string }
}

export interface TelemetryParts {
  readonly metrics: { render(format: ExpositionFormat): Promise<string> }
  readonly readiness: Readiness
  readonly logger: Logger
}

const paths = ['/metrics', '/livez', '/readyz', '/healthz']

/** For the pod's own address, so it is read-only and tells nothing about configuration. */
export function telemetryApp({ metrics, readiness, logger }: TelemetryParts): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    context.header('cache-control', 'no-store')
    context.header('x-content-type-options', 'nosniff')
    const { method, path } = context.req
    if (!paths.includes(path)) return context.text(`not found; try ${paths.join(', ')}\n`, 404)
    if (method !== 'GET' && method !== 'HEAD') {
      return context.text('read-only\n', 405, { allow: 'GET, HEAD' })
    }
    return next()
  })

  app.get('/metrics', async context => {
    const format = negotiateFormat(context.req.header('accept'))
    return context.body(await metrics.render(format), 200, {
      'content-type': contentTypes[format],
      vary: 'accept',
    })
  })

  // That this answers at all is the check: the event loop turns.
  for (const path of ['/livez', '/healthz']) {
    app.get(path, context =>
      context.text(isVerbose(context.req.query('verbose')) ? '[+]eventloop ok\n' : 'ok\n'),
    )
  }

  app.get('/readyz', context => {
    const { ready, reason } = readiness.ready()
    const brief = ready ? 'ok\n' : 'not ready\n'
    const verbose = `${ready ? '[+]' : '[-]'}routes ${reason}\n`
    return context.text(isVerbose(context.req.query('verbose')) ? verbose : brief, ready ? 200 : 503)
  })

  app.onError((error, context) => {
    logger.error({ err: error, path: context.req.path }, 'telemetry request failed')
    return context.text('internal error\n', 500)
  })
  return app
}

/** `?verbose`, as in Kubernetes, and `?verbose=true`. */
const isVerbose = (value: string | undefined): boolean => value !== undefined && value !== 'false'
