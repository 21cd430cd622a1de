import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { readJob } from './job.ts'

/** Plain Hono and the global fetch, written the way one would on a first day: no layer beside it. */
const job = readJob()
const app = new Hono()
const dropped = ['connection', 'keep-alive', 'transfer-encoding', 'host', 'content-length']

app.all('*', async context => {
  const { method } = context.req
  const headers = new Headers(context.req.raw.headers)
  for (const name of dropped) headers.delete(name)
  const body = method === 'GET' ? null : await context.req.arrayBuffer()
  const call = (origin: string) => fetch(origin + context.req.path, { method, headers, body })

  if (job.mode === 'aggregate') {
    const [first, second] = await Promise.allSettled([
      call(job.primary).then(answer => answer.json()),
      call(job.secondary).then(answer => answer.json()),
    ])
    return context.json({ primary: settledValue(first), secondary: settledValue(second) })
  }
  if (job.mode === 'shadow') {
    call(job.secondary).then(
      answer => answer.arrayBuffer(),
      () => {},
    )
  }
  const answer = await call(job.primary)
  const passedOn = new Headers(answer.headers)
  for (const name of dropped) passedOn.delete(name)
  return new Response(answer.body, { status: answer.status, headers: passedOn })
})

serve({ fetch: app.fetch, port: job.port, hostname: '127.0.0.1' })

function settledValue(settled: PromiseSettledResult<unknown>): unknown {
  return settled.status === 'fulfilled' ? settled.value : { error: 'failed' }
}
