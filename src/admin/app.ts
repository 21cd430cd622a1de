import { type Context, Hono } from 'hono'
import { hostGuard } from './host-guard.ts'
import { problemResponse } from './problem-response.ts'
import { routeViews } from './route-view.ts'
import type { AdminSources } from './sources.ts'
import { upstreamViews } from './upstream-view.ts'
import { configuration, failures, overview } from './views.ts'

export interface AdminOptions {
  /** Host names without port that are served beside localhost, 127.0.0.1 and [::1]. Defaults to none. */
  readonly hosts?: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

const endpoints = [
  '/api/v1/overview',
  '/api/v1/routes',
  '/api/v1/routes/{namespace}/{name}',
  '/api/v1/upstreams',
  '/api/v1/failures',
  '/api/v1/config',
  '/api/v1/version',
]

/** The admin API, for the loopback interface. It only reads. */
export function adminApp(sources: AdminSources, { hosts = [], now = Date.now }: AdminOptions = {}): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    context.header('cache-control', 'no-store')
    context.header('x-content-type-options', 'nosniff')
    context.header('cross-origin-resource-policy', 'same-origin')
    return next()
  })
  app.use(hostGuard(hosts))
  app.use(async (context, next) => {
    if (context.req.method === 'GET' || context.req.method === 'HEAD') return next()
    context.header('allow', 'GET, HEAD')
    return problemResponse(context, {
      status: 405,
      code: 'method_not_allowed',
      title: 'The admin API only reads',
      detail: 'Use GET.',
    })
  })

  app.get('/', context => context.json({ name: 'FanOut Relay', version: sources.build.version, endpoints }))
  app.get('/api/v1/overview', context => context.json(overview(sources, now())))
  app.get('/api/v1/routes', context =>
    context.json({ routes: routeViews(sources.planned(), sources.figures) }),
  )
  app.get('/api/v1/routes/:namespace/:name', context => {
    const { namespace, name } = context.req.param()
    return oneRoute(context, sources, `${namespace}/${name}`)
  })
  // As one segment: shop%2Forders.
  app.get('/api/v1/routes/:id', context => oneRoute(context, sources, context.req.param('id')))
  app.get('/api/v1/upstreams', context =>
    context.json({ upstreams: upstreamViews(sources.planned(), sources.figures) }),
  )
  app.get('/api/v1/failures', context => context.json({ failures: failures(sources) }))
  app.get('/api/v1/config', context => context.json(configuration(sources)))
  app.get('/api/v1/version', context => context.json(sources.build))

  app.notFound(context =>
    problemResponse(context, {
      status: 404,
      code: 'not_found',
      title: 'There is nothing at this path',
      detail: 'See endpoints for what there is.',
      endpoints,
    }),
  )
  app.onError((error, context) => {
    sources.logger.error({ err: error, path: context.req.path }, 'admin request failed')
    return problemResponse(context, {
      status: 500,
      code: 'relay_internal',
      title: 'The admin API met a defect of its own',
      detail: 'The log of the relay has the details.',
    })
  })
  return app
}

function oneRoute(context: Context, sources: AdminSources, id: string): Response {
  const view = routeViews(sources.planned(), sources.figures).find(route => route.id === id)
  if (view) return context.json(view)
  return problemResponse(context, {
    status: 404,
    code: 'route_not_found',
    title: 'There is no such route',
    detail: 'Routes are named namespace/name; GET /api/v1/routes lists them.',
  })
}
