import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runController } from '../../src/controller/controller.ts'
import type { RouteObject } from '../../src/controller/resources.ts'
import { relayBinding } from '../../src/controller/role-binding.ts'
import { conditionsOf } from '../../src/controller/route-status.ts'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import { kubeconfigTo } from '../check/support/scripted-api.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type ApiServer, startApiServer } from './support/api-server.ts'
import { collections, namespace, paths, relayPod, route, service } from './support/objects.ts'

const nothing = () => {}
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** A controller that leads on a clock that a test turns, and a cluster with one route that is as it should be. */
const lead = async (server: ApiServer) => {
  const clock = new FakeClock()
  const client = await loadCluster({ kubeconfig: kubeconfigTo(server.url) })
  const term = new AbortController()
  const asked: string[] = []
  /** Paths of what it has begun to write. */
  const written: string[] = []
  let looks = 0
  const running = runController(
    {
      client: {
        server: client.server,
        namespace: client.namespace,
        request: request => {
          if (request.method !== undefined) written.push(request.path)
          return client.request(request)
        },
        close: () => client.close(),
      },
      identity: 'me',
      ask: async ({ pod }) => {
        asked.push(pod)
        return new Map()
      },
      findUninjected: () => [],
      observer: {
        reconciled: () => {
          looks += 1
        },
        leading: nothing,
        relays: nothing,
        uninjectedPods: nothing,
        forget: nothing,
        statusWritten: nothing,
        event: nothing,
      },
      clock,
      logger: silent,
      random: () => 0.5,
    },
    term.signal,
  )
  // The spread of the first lists is no time at all here, but a timer all the same.
  clock.advance(0)
  const stop = async () => {
    term.abort()
    await running
    await client.close()
  }
  onTestFinished(stop)
  /** Turns the clock by a little until what is expected has come about. */
  const soon = (expectation: () => void) =>
    eventually(() => {
      clock.advance(10)
      expectation()
    })
  const watchingAll = () => eventually(() => expect(server.watched).toHaveLength(5))
  return { clock, asked, written, looks: () => looks, stop, soon, watchingAll }
}

const startShop = async () => {
  const server = await startApiServer()
  server.put(paths.namespace(), namespace)
  server.put(paths.service('inventory'), service)
  server.put(paths.pod('checkout'), relayPod)
  server.put(paths.route('orders'), route())
  return server
}

/** Turns the clock, and lets everything run that waits for nothing but its turn. */
const pass = async (clock: FakeClock, ms: number) => {
  clock.advance(ms)
  await setImmediate()
}

describe('a controller', () => {
  it.each(Object.entries(collections))('writes nothing before it has read all %s', async (_, held) => {
    const server = await startShop()
    const release = server.hold(held)
    const { clock, written, soon } = await lead(server)
    await eventually(() => expect(server.watched).toHaveLength(4))
    await pass(clock, 10_000)
    expect(written).toEqual([])
    release()
    await soon(() => expect(server.statuses).not.toEqual([]))
    const conditions = conditionsOf(server.statuses[0]!.body as RouteObject)
    expect(conditions.find(({ type }) => type === 'ResolvedRefs')).toMatchObject({ status: 'True' })
  })

  it('looks at everything again after ten minutes, and again', async () => {
    const server = await startApiServer()
    server.put(paths.namespace(), namespace)
    server.put(paths.roleBinding, relayBinding('shop'))
    const { clock, looks, soon, watchingAll } = await lead(server)
    await watchingAll()
    await soon(() => expect(looks()).toBeGreaterThan(0))
    await pass(clock, 60_000)
    for (let round = 0; round < 2; round++) {
      const before = looks()
      await pass(clock, 500_000)
      expect(looks()).toBe(before)
      await pass(clock, 100_000)
      await soon(() => expect(looks()).toBe(before + 1))
    }
  })

  it('asks the relays of a namespace again within 300 ms when one of its routes was edited', async () => {
    const server = await startShop()
    const { clock, asked, soon, watchingAll } = await lead(server)
    await watchingAll()
    await soon(() => expect(server.statuses).not.toEqual([]))
    for (let second = 0; second < 60; second++) await pass(clock, 1_000)
    const questions = asked.length
    server.put(paths.route('orders'), route(2))
    const last = () => server.statuses.at(-1)!.body as { readonly status?: object }
    // Its status is written 50 ms after the edit was heard of.
    await eventually(() => {
      clock.advance(1)
      expect(last().status).toMatchObject({ observedGeneration: 2 })
    })
    clock.advance(250)
    expect(asked.length).toBeGreaterThan(questions)
  })

  it('leaves nothing behind when its term ends', async () => {
    const server = await startShop()
    const { clock, asked, soon, watchingAll, stop } = await lead(server)
    await watchingAll()
    await soon(() => expect(asked).not.toEqual([]))
    clock.advance(10_000)
    await stop()
    const [questions, writes] = [asked.length, server.statuses.length]
    expect(clock.armed).toBe(0)
    clock.advance(3_600_000)
    expect([asked.length, server.statuses.length]).toEqual([questions, writes])
  })
})
