import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { dataServer } from '../../src/relay/data-server.ts'
import { type Loop, Overload } from '../../src/relay/overload.ts'
import { Refusals } from '../../src/relay/overload-refusals.ts'
import { ask, json, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { RawClient } from '../support/raw-client.ts'
import { recorder } from '../support/recorder.ts'

const open = closing()

/** An event loop whose turns last as long as the test says. */
class FakeLoop implements Loop {
  readonly clock = new FakeClock()
  #ends: (() => void)[] = []
  now = () => this.clock.now()
  after = (ms: number, callback: () => void) => void this.clock.after(ms, callback)
  endOfTurn = (callback: () => void) => void this.#ends.push(callback)

  /** Somebody waits for the end of a turn. */
  get watched(): boolean {
    return this.#ends.length > 0
  }

  turn(ms: number): void {
    this.clock.advance(ms)
    for (const end of this.#ends.splice(0)) end()
  }

  turns(...durations: number[]): void {
    for (const ms of durations) this.turn(ms)
  }
}

interface Options {
  readonly maxHeld?: number
  readonly draining?: boolean
  /** What answering one costs. */
  readonly refusalMs?: number
}

const start = async ({ maxHeld = 100, draining = false, refusalMs = 0 }: Options = {}) => {
  const loop = new FakeLoop()
  const observer = recorder()
  const { unmatched } = observer
  const now = () => {
    loop.clock.advance(refusalMs)
    return loop.now()
  }
  const refusals = new Refusals({
    now,
    unmatched,
    draining: () => draining,
    nextRequestId: () => 'made',
    maxHeld,
  })
  const changes: [overloaded: boolean, refused: number][] = []
  const overload = new Overload({
    loop,
    refusals,
    maxTurnMs: 50,
    onChange: (...change) => changes.push(change),
  })
  const handle = (_request: unknown, response: ServerResponse) => void response.end('served')
  const server: Server = dataServer({ handle, state: () => 'ready', unmatched, overload })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  open({ close: () => server.closeAllConnections() })
  open({ close: () => server.close() })
  /** Three turns of 100 ms, and 60 ms of the fourth. */
  const overwhelm = async () => {
    expect((await ask({ port })).status).toBe(200)
    loop.turns(20, 100, 100, 100)
    loop.clock.advance(60)
  }
  const connect = async () => open(await RawClient.connect(port))
  const isHeld = (count: number) => eventually(() => expect(overload.held).toBe(count))
  const connections = () =>
    new Promise<number>(resolve => server.getConnections((_error, count) => resolve(count)))
  return { loop, observer, overload, changes, port, overwhelm, connect, isHeld, connections }
}

test('long turns in a row are an overload: what a turn has no time for is answered 503, the connection kept', async () => {
  const { loop, observer, overwhelm, connect, isHeld, changes } = await start()
  await overwhelm()
  expect(changes).toEqual([[true, 0]])
  const client = await connect()
  client.send(requestBytes({ method: 'POST', body: 'x' }))
  await isHeld(1)
  expect(observer.inFlight.requests).toBe(1)
  loop.turn(0)
  const refused = await client.response()
  expect([refused.status, refused.header('content-type')]).toEqual([503, 'application/problem+json'])
  expect(['1', '2']).toContain(refused.header('retry-after'))
  expect(json(refused)).toMatchObject({ status: 503, code: 'overloaded' })
  expect(observer.exchanges).toEqual([{ route: '', method: 'POST', status: 503, outcome: 'rejected' }])
  expect(observer.inFlight.requests).toBe(0)
  client.send(requestBytes())
  expect((await client.response()).body.toString()).toBe('served')
})

test.each([
  ['its own', { 'X-Request-Id': 'order-7' }, 'order-7'],
  ['a new one for none', {}, 'made'],
  ['a new one for one that could break a log line', { 'x-request-id': 'a b' }, 'made'],
])('a refusal for overload carries the id of its request: %s', async (_which, headers, id) => {
  const { loop, overwhelm, connect, isHeld } = await start()
  await overwhelm()
  const client = await connect()
  client.send(requestBytes({ headers }))
  await isHeld(1)
  loop.turn(0)
  expect((await client.response()).header('x-request-id')).toBe(id)
})

test('a turn takes requests until its time is over', async () => {
  const { loop, port, overwhelm, connect, isHeld } = await start()
  await overwhelm()
  loop.turn(0)
  loop.clock.advance(49)
  expect((await ask({ port })).status).toBe(200)
  loop.clock.advance(1)
  ;(await connect()).send(requestBytes())
  await isHeld(1)
})

test('the paths of the relay itself are served whatever the load', async () => {
  const { port, overwhelm } = await start()
  await overwhelm()
  expect((await ask({ port }, { path: '/-/fanout/readyz' })).status).toBe(200)
})

test.each([
  ['one turn that lasts a second', [1_000, 0]],
  ['two that last a second', [1_000, 1_000, 0]],
  ['many of just the time they may last', Array.from({ length: 20 }, () => 50)],
  ['long ones with short ones between', [200, 200, 10, 20, 0, 200, 200, 10]],
])('%s are no overload', async (_name, durations) => {
  const { loop, port, changes } = await start()
  await ask({ port })
  loop.turns(20, ...durations)
  loop.clock.advance(60)
  expect((await ask({ port })).status).toBe(200)
  expect(changes).toEqual([])
})

test('it is over 5 s after the last refusal, and an idle relay is not watched', async () => {
  const { loop, overwhelm, connect, isHeld, changes, port } = await start()
  await overwhelm()
  ;(await connect()).send(requestBytes())
  await isHeld(1)
  loop.turn(0)
  // Short turns: sampled again, and everything is taken at once.
  loop.clock.advance(10)
  expect((await ask({ port })).status).toBe(200)
  for (let ms = 0; ms < 6_000; ms += 10) loop.turn(10)
  expect(changes).toEqual([
    [true, 0],
    [false, 1],
  ])
  expect([loop.clock.armed, loop.watched]).toEqual([0, false])
})

test('while it lasts, one long turn is enough to refuse again', async () => {
  const { loop, overwhelm, connect, isHeld } = await start()
  await overwhelm()
  loop.turns(0, 20, 0, 100)
  loop.clock.advance(50)
  ;(await connect()).send(requestBytes())
  await isHeld(1)
})

test('refusals take a share of the time: those beyond it wait, in their order, at most a second', async () => {
  const { loop, observer, overload, overwhelm, connect, isHeld } = await start({ refusalMs: 5 })
  await overwhelm()
  const clients = []
  for (let count = 1; count <= 4; count++) {
    const client = await connect()
    client.send(requestBytes())
    clients.push(client)
    await isHeld(count)
  }
  // The share of a turn of less than 100 ms is less than one takes; one is answered all the same.
  loop.turn(0)
  expect(overload.held).toBe(3)
  expect((await clients[0]!.response()).status).toBe(503)
  loop.turn(0)
  expect((await clients[1]!.response()).status).toBe(503)
  clients[2]!.close()
  loop.turn(1_000)
  expect(overload.held).toBe(0)
  expect((await clients[3]!.response()).status).toBe(503)
  expect(observer.inFlight.requests).toBe(0)
  expect(observer.exchanges.filter(({ outcome }) => outcome === 'rejected')).toHaveLength(4)
})

test('more than may wait are answered at the end of the turn', async () => {
  const { loop, overload, overwhelm, connect, isHeld } = await start({ maxHeld: 2, refusalMs: 5 })
  await overwhelm()
  for (let count = 1; count <= 5; count++) {
    ;(await connect()).send(requestBytes())
    await isHeld(count)
  }
  loop.turn(0)
  expect(overload.held).toBe(2)
})

test('a caller that leaves while it waits is counted as one that left', async () => {
  const { loop, observer, overwhelm, connect, isHeld, connections } = await start()
  await overwhelm()
  const client = await connect()
  client.send(requestBytes())
  await isHeld(1)
  client.close()
  await eventually(async () => expect(await connections()).toBe(0))
  loop.turn(0)
  expect(observer.exchanges).toMatchObject([{ status: 0, outcome: 'rejected' }])
})

test('a refused upload is answered before it is read to its end, and does not hang', async () => {
  const { loop, overwhelm, connect, isHeld } = await start()
  await overwhelm()
  const client = await connect()
  client.send(requestBytes({ method: 'POST', headers: { 'content-length': '300000' } })).send('part')
  await isHeld(1)
  loop.turn(0)
  expect((await client.response()).status).toBe(503)
  client.send(Buffer.alloc(299_996))
  client.send(requestBytes())
  expect((await client.response()).body.toString()).toBe('served')
})

test('an upload is answered at the end of its turn, whoever came before it: nobody reads it meanwhile', async () => {
  const { loop, overload, overwhelm, connect, isHeld } = await start({ refusalMs: 5 })
  await overwhelm()
  for (const count of [1, 2]) {
    ;(await connect()).send(requestBytes())
    await isHeld(count)
  }
  const client = await connect()
  client.send(requestBytes({ method: 'POST', headers: { 'content-length': '300000' } })).send('part')
  await isHeld(3)
  // Of the complete ones, this turn has the time for one.
  loop.turn(0)
  expect(overload.held).toBe(1)
  expect((await client.response()).status).toBe(503)
})

test.each([
  [
    'an HTTP/1.0 caller',
    'POST / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx',
  ],
  [
    'a caller that waits for 100',
    'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
  ],
])('%s is told that its connection ends', async (_name, bytes) => {
  const { loop, overwhelm, connect, isHeld } = await start()
  await overwhelm()
  const client = await connect()
  client.send(bytes)
  await isHeld(1)
  loop.turn(0)
  const refused = await client.response()
  expect([refused.status, refused.header('connection')]).toEqual([503, 'close'])
  await client.untilClosed()
})

test('a relay that stops lets nobody wait and ends connections', async () => {
  const { loop, overload, overwhelm, connect, isHeld } = await start({ draining: true, refusalMs: 5 })
  await overwhelm()
  const client = await connect()
  client.send(requestBytes())
  await isHeld(1)
  ;(await connect()).send(requestBytes())
  await isHeld(2)
  loop.turn(0)
  expect(overload.held).toBe(0)
  expect((await client.response()).header('connection')).toBe('close')
})
