import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { json } from '../support/ask.ts'
import { eventually } from '../support/eventually.ts'
import { gate } from '../support/gate.ts'
import { startStreamingUpstream, startUpstream, type Upstream } from '../support/upstream.ts'
import { directoryWith } from './support/directories.ts'
import { type RelayProcess, startRelayProcess } from './support/relay-process.ts'

const examples = path.resolve(import.meta.dirname, '../../examples')
const names = readdirSync(examples, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)

type Answer = Parameters<typeof startUpstream>[0]

/** An example as it is, but for where its upstreams are: `answers` has what each of them says. */
const start = async (
  name: string,
  answers: Readonly<Record<string, Answer>>,
): Promise<{ readonly relay: RelayProcess; readonly upstreams: Readonly<Record<string, Upstream>> }> => {
  const upstreams: Record<string, Upstream> = {}
  for (const [backend, answer] of Object.entries(answers))
    upstreams[backend] = await started(startUpstream(answer))
  return { relay: await startAt(name, upstreams), upstreams }
}

const started = async (starting: Promise<Upstream>): Promise<Upstream> => {
  const upstream = await starting
  onTestFinished(() => upstream.close())
  return upstream
}

const startAt = (name: string, upstreams: Readonly<Record<string, Upstream>>): Promise<RelayProcess> => {
  const read = (file: string) => readFileSync(path.join(examples, name, file), 'utf8')
  const backends = read('backends.yaml').replaceAll(
    /^([a-z0-9-]+): .*$/gm,
    (_line, backend: string) => `${backend}: ${upstreams[backend]!.url}`,
  )
  tried.add(name)
  return startRelayProcess(
    directoryWith({ [`${name}.yaml`]: read(`${name}.yaml`), 'backends.yaml': backends }),
  )
}

const says =
  (status: number, body: object): Answer =>
  (_received, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }

/** Never answers. */
const silent: Answer = () => {}

const tried = new Set<string>()

describe('examples', () => {
  beforeAll(() => tried.clear())

  test('orders: one of two is enough, and the envelope says which failed', async () => {
    const { relay, upstreams } = await start('orders', {
      inventory: says(200, { ok: 1 }),
      crm: says(500, {}),
    })
    const answer = await relay.ask({ method: 'POST', path: '/orders', body: '{"order_id":"A-1"}' })
    expect([answer.status, answer.header('x-fanout-status')]).toEqual([207, 'partial_success'])
    expect(json(answer).results).toMatchObject({
      inventory: { outcome: 'success' },
      crm: { outcome: 'failure' },
    })
    expect(upstreams['inventory']!.received[0]).toMatchObject({ url: '/inventory/deduct' })
    expect(upstreams['crm']!.received[0]!.body.toString()).toBe('{"order_id":"A-1"}')
  })

  test('canary: about a tenth of the users is copied, and nobody waits for the copy', async () => {
    const { relay, upstreams } = await start('canary', {
      pricing: says(200, { price: 5 }),
      'pricing-next': silent,
    })
    const users = Array.from({ length: 200 }, (_, i) => `user-${i}`)
    for (const user of users) {
      const answer = await relay.ask({ path: '/price/42', headers: { 'x-user-id': user } })
      expect([answer.status, json(answer)]).toEqual([200, { price: 5 }])
    }
    const copied = upstreams['pricing-next']!.received
    await eventually(() => expect(copied.length).toBeGreaterThan(5))
    expect(copied.length).toBeLessThan(50)
    expect(copied[0]!.header('x-fanout-role')).toBe('shadow')
  })

  test('fastest: the first success is the answer', async () => {
    const { relay } = await start('fastest', {
      'search-east': silent,
      'search-west': says(200, { from: 'west' }),
    })
    const answer = await relay.ask({ path: '/search?q=1' })
    expect([answer.status, json(answer)]).toEqual([200, { from: 'west' }])
  })

  test('product-page: three answers in one, and a page without reviews is still a page', async () => {
    const { relay, upstreams } = await start('product-page', {
      catalog: says(200, { name: 'chair' }),
      stock: says(200, { left: 3 }),
      reviews: silent,
    })
    const answer = await relay.ask({ path: '/products/7', headers: { cookie: 'a=b' } })
    expect([answer.status, json(answer)]).toEqual([206, { name: 'chair', left: 3 }])
    expect(upstreams['stock']!.received[0]!.url).toBe('/levels/7')
    expect(upstreams['reviews']!.received[0]!.header('cookie')).toBeUndefined()
  })

  test('quorum: two of three replicas are enough', async () => {
    const { relay } = await start('quorum', {
      'replica-1': says(200, {}),
      'replica-2': says(500, {}),
      'replica-3': says(200, {}),
    })
    const answer = await relay.ask({ method: 'PUT', path: '/records/1', body: '{}' })
    expect([answer.status, json(answer).status]).toEqual([202, 'partial_success'])
  })

  test('events: an event is there before the stream has ended, and the prompt is recorded', async () => {
    const more = gate()
    const { relay, upstreams } = await start('events', {
      model: (_received, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: one\n\n')
        void more.passed.then(() => response.end('data: two\n\n'))
      },
      'prompt-log': says(200, {}),
    })
    const answer = await fetch(`http://127.0.0.1:${relay.data}/chat`, {
      method: 'POST',
      body: '{"prompt":"hi"}',
    })
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe('data: one\n\n')
    more.open()
    expect((await reader.read()).value).toBe('data: two\n\n')
    await eventually(() => expect(upstreams['prompt-log']!.received).toMatchObject([{ url: '/prompts' }]))
  })

  test('uploads: both get all of a large file, while it is being sent', async () => {
    const bytes = { store: 0, scanner: 0 }
    const counting = (name: keyof typeof bytes) =>
      started(
        startStreamingUpstream((received, response) => {
          received.on('data', (chunk: Buffer) => {
            bytes[name] += chunk.length
          })
          received.on('end', () => response.end('{}'))
        }),
      )
    const relay = await startAt('uploads', {
      store: await counting('store'),
      scanner: await counting('scanner'),
    })
    const status = await new Promise((resolve, reject) => {
      const sent = request({ port: relay.data, method: 'PUT', path: '/files/a' }, response =>
        resolve(response.resume().statusCode),
      )
      sent.on('error', reject)
      const half = Buffer.alloc(2 * 1024 * 1024, 'x')
      sent.write(half)
      // The other half only once both have something of the first.
      void eventually(() => expect(Math.min(bytes.store, bytes.scanner)).toBeGreaterThan(0)).then(
        () => sent.end(half),
        reject,
      )
    })
    expect(status).toBe(200)
    expect(bytes).toEqual({ store: 4 * 1024 * 1024, scanner: 4 * 1024 * 1024 })
  })

  test('payments: a failed attempt is made again under the same key, and a repeated request is not', async () => {
    const statuses = [503, 201]
    const { relay, upstreams } = await start('payments', {
      payments: (_received, response) => {
        response.writeHead(statuses.shift() ?? 500, { 'content-type': 'application/json' })
        response.end('{"paid":5}')
      },
      ledger: says(200, { ok: 1 }),
    })
    const order = {
      method: 'POST',
      path: '/payments',
      headers: { 'idempotency-key': 'order-7' },
      body: '{"amount":5}',
    }
    const first = await relay.ask(order)
    expect([first.status, json(first).results.payment]).toMatchObject([
      200,
      { outcome: 'success', attempts: 2, body: { paid: 5 } },
    ])
    const again = await relay.ask(order)
    expect(again.header('idempotent-replayed')).toBe('true')
    expect(again.body.toString()).toBe(first.body.toString())
    const keys = upstreams['payments']!.received.map(received => received.header('idempotency-key'))
    expect(keys).toEqual(['order-7-payment', 'order-7-payment'])
    expect(upstreams['ledger']!.received.length).toBe(1)
  })

  test('each has been tried', () => {
    expect([...tried].sort()).toEqual(names.sort())
  })
})
