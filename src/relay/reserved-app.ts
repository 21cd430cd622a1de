import { Hono } from 'hono'

/** What the data port serves itself, under `/-/fanout/`. */
export const reservedApp = (isReady: () => boolean): Hono => {
  const app = new Hono()
  app.get('/-/fanout/readyz', context =>
    isReady() ? context.json({ status: 'ready' }) : context.json({ status: 'loading' }, 503),
  )
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
