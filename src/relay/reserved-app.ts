import { Hono } from 'hono'

/** Before routes have been read, while they are served, after the signal to stop. */
export type RelayState = 'loading' | 'ready' | 'draining'

/** What the data port serves itself, under `/-/fanout/`. */
export const reservedApp = (state: () => RelayState): Hono => {
  const app = new Hono()
  app.get('/-/fanout/readyz', context => {
    const status = state()
    if (status === 'draining') context.header('Connection', 'close')
    return context.json({ status }, status === 'ready' ? 200 : 503)
  })
  app.notFound(context =>
    context.body(JSON.stringify(notFound), 404, { 'Content-Type': 'application/problem+json' }),
  )
  return app
}

const notFound = {
  type: 'about:blank',
  title: 'Not found',
  status: 404,
  code: 'not_found',
  detail: 'Paths under /-/fanout/ belong to the relay; GET /-/fanout/readyz is there.',
}
