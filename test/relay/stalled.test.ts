import { expect, test } from 'vitest'
import { ask, json, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startStreamingUpstream, startUpstream } from '../support/upstream.ts'

const open = closing()

test('uploads that stall hold no memory, so others are served', async () => {
  const a = open(await startUpstream())
  const spec = { timeouts: { request: '0s' }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }, { maxBufferedBytes: 2 * 1024 * 1024 }))
  for (let i = 0; i < 10; i++) {
    const stalled = open(await RawClient.connect(relay.port))
    stalled.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  }
  await eventually(() => expect(relay.budget.inFlight).toBe(10))
  expect((await ask(relay, { method: 'POST', body: 'x' })).status).toBe(200)
})

test('an upload of which nothing comes for a minute is answered 408, even where the route has no deadline', async () => {
  const clock = new FakeClock()
  const a = open(await startUpstream())
  const spec = { timeouts: { request: '0s' }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }, { clock }))
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes({ method: 'POST', headers: { 'content-length': '10' } })).send('part')
  await eventually(() => expect(relay.budget.bufferedBytes).toBe(4))
  clock.advance(60_000)
  const answer = await client.response()
  expect([answer.status, json(answer).code]).toEqual([408, 'request_timeout'])
  await eventually(() => expect(relay.budget).toMatchObject({ inFlight: 0, bufferedBytes: 0 }))
})

test('an upload of which something comes every minute may take longer than that', async () => {
  const clock = new FakeClock()
  const a = open(await startUpstream())
  const spec = { timeouts: { request: '0s' }, upstreams: [{ name: 'a', url: a.url }] }
  const relay = open(await startRelay({ r: spec }, { clock }))
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes({ method: 'POST', headers: { 'content-length': '6' } }))
  for (const bytes of [2, 4]) {
    client.send('xx')
    await eventually(() => expect(relay.budget.bufferedBytes).toBe(bytes))
    clock.advance(40_000)
  }
  client.send('xx')
  expect((await client.response()).status).toBe(200)
  expect(a.received[0]!.body.toString()).toBe('xxxxxx')
})

test('a caller that does not read what a deadline left to be said is cut off by the next', async () => {
  const clock = new FakeClock()
  const big = open(await startUpstream((_r, response) => response.end(Buffer.alloc(12_000_000, 'a'))))
  const hung = open(await startStreamingUpstream(() => {}))
  const spec = {
    timeouts: { request: '1s' },
    limits: { maxBodySize: '16Mi' },
    upstreams: [
      { name: 'big', url: big.url },
      { name: 'hung', role: 'Optional', url: hung.url },
    ],
  }
  const relay = open(await startRelay({ r: spec }, { clock }))
  const client = open(await RawClient.connect(relay.port))
  client.socket.pause()
  client.send(requestBytes())
  await eventually(() => expect(relay.observer.legs).toMatchObject([{ leg: 'big', status: 200 }]))
  clock.advance(1_000)
  await eventually(() => expect(relay.observer.legs).toHaveLength(2))
  clock.advance(1_000)
  await eventually(() => expect(relay.budget).toMatchObject({ inFlight: 0, bufferedBytes: 0 }))
})
