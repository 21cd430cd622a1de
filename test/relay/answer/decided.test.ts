import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { ask, json, requestBytes } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRelay } from '../../support/relay.ts'
import { startUpstream } from '../../support/upstream.ts'

const open = closing()

/** An upstream that answers when it is told to, and with what. */
const startHeld = async () => {
  const held: ServerResponse[] = []
  const upstream = open(await startUpstream((_received, response) => held.push(response)))
  return {
    ...upstream,
    waiting: () => held.length,
    answer: async (status: number, body: string) => {
      const response = await eventually(() => held.shift() ?? Promise.reject(new Error('no request yet')))
      response.writeHead(status, { 'x-body': body })
      response.end(body)
    },
    aborted: () => eventually(() => expect(held[0]?.destroyed).toBe(true)),
  }
}

const start = async (response: object, roles: readonly string[] = ['Required', 'Required']) => {
  const legs = await Promise.all(roles.map(startHeld))
  const upstreams = legs.map(({ url }, i) => ({ name: 'abc'[i], url, role: roles[i] }))
  const relay = open(await startRelay({ r: { upstreams, response } }))
  return { relay, legs }
}

test('every leg has the request before any of them answers, so the total is the slowest, not the sum', async () => {
  const { relay, legs } = await start({ success: 'All' }, ['Required', 'Optional', 'Required'])
  const answer = ask(relay, { method: 'POST', body: 'x' })
  await eventually(() => expect(legs.map(leg => leg.waiting())).toEqual([1, 1, 1]))
  for (const leg of legs.toReversed()) await leg.answer(200, 'ok')
  expect(json(await answer).status).toBe('success')
})

describe('body Upstream', () => {
  test('All waits for the upstream that is passed on, even where only others are required', async () => {
    const { relay, legs } = await start({ success: 'All', body: 'Upstream', from: 'a' }, [
      'Optional',
      'Required',
    ])
    const answer = ask(relay)
    await legs[1]!.answer(200, 'b')
    await eventually(() => expect(relay.observer.legs.length).toBe(1))
    await legs[0]!.answer(200, 'a')
    expect((await answer).body.toString()).toBe('a')
  })

  test('Any prefers the upstream that is passed on to one that is quicker', async () => {
    const { relay, legs } = await start({ success: 'Any', body: 'Upstream', from: 'a' })
    const answer = ask(relay)
    await legs[1]!.answer(200, 'b')
    await eventually(() => expect(relay.observer.legs.length).toBe(1))
    await legs[0]!.answer(200, 'a')
    expect((await answer).body.toString()).toBe('a')
  })

  test('Any takes another success when that upstream failed', async () => {
    const { relay, legs } = await start({ success: 'Any', body: 'Upstream', from: 'a' })
    const answer = ask(relay)
    await legs[0]!.answer(500, 'a')
    await legs[1]!.answer(200, 'b')
    expect((await answer).body.toString()).toBe('b')
  })

  test('All with Optional upstreams alone passes on whichever succeeded', async () => {
    const { relay, legs } = await start({ success: 'All', body: 'Upstream', from: 'a' }, [
      'Optional',
      'Optional',
    ])
    const answer = ask(relay)
    await legs[0]!.answer(500, 'a')
    await eventually(() => expect(relay.observer.legs.length).toBe(1))
    await legs[1]!.answer(200, 'b')
    expect((await answer).body.toString()).toBe('b')
  })

  test('All answers with the first failure at once, and the other legs run on', async () => {
    const { relay, legs } = await start({ success: 'All', body: 'Upstream', from: 'a' })
    const answer = ask(relay, { method: 'POST' })
    await legs[1]!.answer(409, 'b')
    expect(await answer).toMatchObject({ status: 409, body: Buffer.from('b') })
    await legs[0]!.answer(200, 'a')
    await eventually(() =>
      expect(relay.observer.legs).toMatchObject([{ leg: 'b' }, { leg: 'a', status: 200 }]),
    )
  })

  test('Quorum answers when enough have succeeded', async () => {
    const { relay, legs } = await start({ success: 'Quorum', quorum: 2, body: 'Upstream', from: 'a' }, [
      'Required',
      'Required',
      'Required',
    ])
    const answer = ask(relay)
    await legs[0]!.answer(200, 'a')
    await legs[1]!.answer(200, 'b')
    expect((await answer).body.toString()).toBe('a')
    await legs[2]!.answer(200, 'c')
  })
})

test('an Envelope waits for every awaited leg, decided or not', async () => {
  const { relay, legs } = await start({ success: 'Any' })
  const client = open(await RawClient.connect(relay.port))
  client.send(requestBytes())
  await legs[0]!.answer(200, '{}')
  await eventually(() => expect(relay.observer.legs.length).toBe(1))
  expect(client.received.length).toBe(0)
  await legs[1]!.answer(500, '{}')
  expect(json(await client.response()).status).toBe('partial_success')
})

test('First with an Envelope cancels the losers and shows them as cancelled', async () => {
  const { relay, legs } = await start({ success: 'First', body: 'Envelope' })
  const answer = ask(relay)
  await eventually(() => expect(legs[1]!.waiting()).toBe(1))
  await legs[0]!.answer(200, '{}')
  const { status, results } = json(await answer)
  expect(status).toBe('success')
  expect(results.b).toMatchObject({ outcome: 'cancelled', error: 'client_cancelled' })
  await legs[1]!.aborted()
})

test('Primary with an Envelope shows all, and its status is that of the primary', async () => {
  const { relay, legs } = await start({ success: 'Primary', from: 'b', body: 'Envelope' })
  const answer = ask(relay)
  await legs[1]!.answer(200, 'b')
  await legs[0]!.answer(500, 'a')
  expect(json(await answer)).toMatchObject({
    status: 'partial_success',
    results: { a: { outcome: 'failure' }, b: { outcome: 'success' } },
  })
})
