import { expect, test } from 'vitest'
import { ask, json, requestBytes } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startHeldUpstream, startUpstream } from '../support/upstream.ts'

const open = closing()

const startHeld = async () => open(await startHeldUpstream())

const to = (url: string, more: object = {}) => ({ r: { upstreams: [{ name: 'a', url, ...more }] } })

test('a request ends on the table it began with; the next one takes the new', async () => {
  const [old, next] = [await startHeld(), open(await startUpstream((_r, answer) => answer.end('new')))]
  const relay = open(await startRelay(to(old.url)))
  const before = ask(relay)
  const held = await old.next()
  const table = relay.tables.current!
  relay.load(to(next.url))
  expect((await ask(relay)).body.toString()).toBe('new')
  expect(table.users).toBe(1)
  expect(relay.pools.size).toBe(2)
  held.end('old')
  expect((await before).body.toString()).toBe('old')
  // The last request has gone: its pool closes, with the connections it kept.
  await eventually(() => expect([table.users, relay.pools.size, old.openSockets()]).toEqual([0, 1, 0]))
})

test('a body that was on its way when the table changed goes where it was meant to go', async () => {
  const [old, next] = [
    open(await startUpstream((_r, answer) => answer.end('old'))),
    open(await startUpstream()),
  ]
  const relay = open(await startRelay(to(old.url)))
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes({ method: 'POST', headers: { 'content-length': '4' } })).send('ab')
  await eventually(() => expect(relay.budget.inFlight).toBe(1))
  relay.load(to(next.url))
  client.send('cd')
  expect((await client.response()).body.toString()).toBe('old')
  expect(next.received.length).toBe(0)
})

test('a copy still under way keeps its pool alive', async () => {
  const [main, copy] = [open(await startUpstream()), await startHeld()]
  const spec = {
    r: {
      upstreams: [
        { name: 'a', url: main.url },
        { name: 'copy', url: copy.url, role: 'Shadow' },
      ],
    },
  }
  const relay = open(await startRelay(spec))
  await ask(relay)
  const held = await copy.next()
  relay.load({})
  expect((await ask(relay)).status).toBe(404)
  held.end()
  await eventually(() =>
    expect(relay.observer.legs).toMatchObject([{ leg: 'a' }, { leg: 'copy', status: 200, error: '' }]),
  )
  await eventually(() => expect(relay.pools.size).toBe(0))
})

test('a reload that keeps an upstream keeps its connections and its counts', async () => {
  const a = await startHeld()
  const relay = open(await startRelay(to(a.url), { legLimits: { maxAwaitedInFlight: 1 } }))
  const before = ask(relay)
  const held = await a.next()
  relay.load(to(a.url, { timeouts: { request: '5s' } }))
  const refused = await ask(relay)
  expect(json(refused).code).toBe('connection_limit_reached')
  held.end()
  await before
  const after = ask(relay)
  ;(await a.next()).end()
  expect((await after).status).toBe(200)
  expect(a.connections()).toBe(1)
  expect(relay.pools.size).toBe(1)
})

test('what no table uses any more is forgotten', async () => {
  const a = open(await startUpstream())
  const relay = open(await startRelay(to(a.url)))
  const state = relay.legStates.get('default/r', 'a', true)
  await ask(relay)
  relay.load({})
  expect(relay.legStates.get('default/r', 'a', true)).not.toBe(state)
})

test('a thousand reloads under requests lose none', async () => {
  const a = open(await startUpstream())
  const relay = open(await startRelay(to(a.url)))
  const client = open(await RawClient.connect(relay.port))
  for (let i = 0; i < 1000; i++) {
    relay.load(to(a.url, { timeouts: { request: `${1 + (i % 7)}s` } }))
    if (i % 10 === 0) {
      client.send(requestBytes())
      expect((await client.response()).status).toBe(200)
    }
  }
  expect(relay.pools.size).toBe(1)
  expect(a.connections()).toBe(1)
  expect(relay.tables.inUse).toBe(0)
})
