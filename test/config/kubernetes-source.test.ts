import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RouteSnapshot } from '../../src/api/snapshot.ts'
import { kubernetesSource } from '../../src/config/kubernetes-source.ts'
import { SourceFigures } from '../../src/config/kubernetes-source-figures.ts'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import { makeTokenDir } from '../kubernetes/support/harness.ts'
import { type ScriptedServer, startScriptedServer } from '../kubernetes/support/scripted-server.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'

interface Options {
  readonly podLabels?: string
  readonly routeCache?: string
  readonly namespace?: string
}

/** A source on a clock that a test turns; `until` lets time pass until a check holds. */
const run = async (server: ScriptedServer, options: Options = {}, url = server.url) => {
  const clock = new FakeClock()
  const figures = new SourceFigures(clock)
  const tokenDir = makeTokenDir({ token: 'first', namespace: server.namespace })
  const { namespace, ...rest } = options
  const client = await loadCluster({ tokenDir, server: url, clock, ...(namespace && { namespace }) })
  const snapshots: RouteSnapshot[] = []
  const stopping = new AbortController()
  const source = kubernetesSource({ client, clock, figures, random: () => 0.5, ...rest })
  const running = source.run(snapshot => snapshots.push(snapshot), stopping.signal)
  const stop = async (): Promise<void> => {
    stopping.abort()
    await running
  }
  onTestFinished(async () => {
    await stop()
    await server.close()
  })
  const until = (check: () => void | Promise<void>, stepMs = 100): Promise<void> =>
    eventually(async () => {
      clock.advance(stepMs)
      await check()
    })
  const ids = (): string[] | undefined => snapshots.at(-1)?.routes.map(({ id }) => id)
  return { clock, figures, snapshots, ids, until, stop }
}

const directory = (): string => makeTokenDir({})

describe('routes from the API server', () => {
  test('are published whole, with generation and creation time, and again after each change', async () => {
    const server = await startScriptedServer()
    server.put('orders', { a: 1 })
    const { snapshots, ids, until, figures } = await run(server)
    await until(() => expect(ids()).toEqual(['shop/orders']))
    expect(snapshots[0]).toMatchObject({ backends: undefined, problems: [] })
    expect(snapshots[0]!.routes[0]).toMatchObject({
      id: 'shop/orders',
      namespace: 'shop',
      name: 'orders',
      object: { metadata: { generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { a: 1 } },
    })
    expect(figures.source).toBe('api')
    server.put('billing')
    await until(() => expect(ids()).toEqual(['shop/orders', 'shop/billing']))
    // What did not change is the same resource, so that it is not planned again.
    expect(snapshots.at(-1)!.routes[0]).toBe(snapshots[0]!.routes[0])
    server.delete('orders')
    await until(() => expect(ids()).toEqual(['shop/billing']))
  })

  test('that change together are published together', async () => {
    const server = await startScriptedServer()
    const { snapshots, until, ids, clock } = await run(server)
    await until(() => expect(snapshots).toHaveLength(1))
    await server.watching()
    for (let index = 0; index < 50; index++) server.put(`route-${index}`)
    await wait(50)
    clock.advance(5)
    expect(ids()).toHaveLength(50)
    expect(snapshots).toHaveLength(2)
  })

  test('are those that select this pod, also when its labels change', async () => {
    const server = await startScriptedServer()
    server.put('all')
    server.put('checkout', { workloadSelector: { matchLabels: { app: 'checkout' } } })
    server.put('billing', { workloadSelector: { matchLabels: { app: 'billing' } } })
    const podLabels = join(directory(), 'labels')
    writeFileSync(podLabels, 'app="checkout"')
    const { ids, until } = await run(server, { podLabels })
    await until(() => expect(ids()).toEqual(['shop/all', 'shop/checkout']))
    writeFileSync(podLabels, 'app="billing"')
    await until(() => expect(ids()).toEqual(['shop/all', 'shop/billing']), 500)
  })

  test('stay in use while the API server is away, and grow stale', async () => {
    const server = await startScriptedServer()
    server.put('orders')
    const { snapshots, until, ids, figures, clock } = await run(server)
    await until(() => expect(ids()).toEqual(['shop/orders']))
    const { port } = server
    await server.close()
    await eventually(() => expect(figures.isConnected).toBe(false))
    clock.advance(3_600_000)
    await wait(20)
    expect(snapshots).toHaveLength(1)
    expect(figures.staleSeconds).toBeGreaterThanOrEqual(3_600)
    await server.listen(port)
    server.put('orders', { a: 2 })
    await until(() => expect(snapshots.at(-1)!.routes[0]!.object).toMatchObject({ spec: { a: 2 } }), 1_000)
    expect(figures.staleSeconds).toBeLessThan(60)
  })
})

describe('without the API server at the start', () => {
  test('nothing is published until it is there', async () => {
    const server = await startScriptedServer()
    const { url, port } = server
    await server.close()
    const { snapshots, until, ids, figures } = await run(server, {}, url)
    await until(() => expect(figures.lists.connection).toBeGreaterThan(2), 1_000)
    expect(snapshots).toEqual([])
    expect(figures.source).toBeUndefined()
    await server.listen(port)
    server.put('orders')
    await until(() => expect(ids()).toEqual(['shop/orders']), 1_000)
  })

  test('labels that change meanwhile publish nothing, and count from the first list on', async () => {
    const server = await startScriptedServer()
    for (const app of ['a', 'b']) server.put(app, { workloadSelector: { matchLabels: { app } } })
    let answerList = (): void => {}
    server.script('list', (_request, response, url) => {
      answerList = () => server.list(response, url)
    })
    const podLabels = join(directory(), 'labels')
    writeFileSync(podLabels, 'app="a"')
    const { clock, snapshots, ids, until } = await run(server, { podLabels })
    await until(() => expect(server.count('list')).toBe(1), 2)
    writeFileSync(podLabels, 'app="b"')
    const { armed } = clock
    clock.advance(2_000)
    // The timer for the next look at the labels is set when this one is done.
    await eventually(() => expect(clock.armed).toBe(armed))
    expect(snapshots).toEqual([])
    answerList()
    await until(() => expect(ids()).toEqual(['shop/b']))
    expect(snapshots).toHaveLength(1)
  })

  test('a list that is empty because the definition is being deleted publishes nothing', async () => {
    const server = await startScriptedServer()
    server.resource = 'terminating'
    const { snapshots, until, ids } = await run(server)
    await until(() => expect(server.count('list')).toBeGreaterThan(1), 1_000)
    expect(snapshots).toEqual([])
    server.resource = true
    server.put('orders')
    await until(() => expect(ids()).toEqual(['shop/orders']), 1_000)
  })

  test('routes come from the cache of an earlier run, until it is there', async () => {
    const routeCache = join(directory(), 'routes.json')
    const server = await startScriptedServer()
    server.put('orders')
    const first = await run(server, { routeCache })
    await first.until(() => expect(first.ids()).toEqual(['shop/orders']))
    await first.stop()
    expect(statSync(routeCache).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(routeCache, '..'))).toEqual(['routes.json'])
    const { url, port } = server
    await server.close()
    const again = await run(server, { routeCache }, url)
    await again.until(() => expect(again.ids()).toEqual(['shop/orders']))
    expect(again.figures.source).toBe('cache')
    again.clock.advance(100_000)
    expect(again.figures.staleSeconds).toBeGreaterThan(99)
    await server.listen(port)
    server.put('billing')
    await again.until(() => expect(again.ids()).toEqual(['shop/orders', 'shop/billing']), 1_000)
    expect(again.figures.source).toBe('api')
    await eventually(() => expect(readFileSync(routeCache, 'utf8')).toContain('billing'))
  })

  test('routes from the cache are as old as the last word of the API server, in that run or before', async () => {
    const routeCache = join(directory(), 'routes.json')
    const server = await startScriptedServer()
    server.put('orders')
    const first = await run(server, { routeCache })
    await first.until(() => expect(first.figures.isConnected).toBe(true))
    const { url } = server
    await server.close()
    await eventually(() => expect(first.figures.isConnected).toBe(false))
    first.clock.advance(3_600_000)
    await first.stop()
    const again = await run(server, { routeCache }, url)
    await again.until(() => expect(again.figures.source).toBe('cache'))
    expect(again.figures.staleSeconds).toBeGreaterThanOrEqual(3_600)
    expect(again.figures.staleSeconds).toBeLessThan(7_200)
  })

  test.each([
    ['is torn', (text: string) => text.slice(0, -20)],
    ['is of another namespace', (text: string) => text.replace('"namespace":"shop"', '"namespace":"other"')],
    ['is of another version', (text: string) => text.replace('"format":1', '"format":99')],
    ['is something else', () => '[]'],
  ])('a cache that %s is not used', async (_what, spoil) => {
    const routeCache = join(directory(), 'routes.json')
    const server = await startScriptedServer()
    server.put('orders')
    const first = await run(server, { routeCache })
    await first.until(() => expect(first.ids()).toEqual(['shop/orders']))
    await first.stop()
    writeFileSync(routeCache, spoil(readFileSync(routeCache, 'utf8')))
    const { url } = server
    await server.close()
    const again = await run(server, { routeCache }, url)
    await again.until(() => expect(again.figures.lists.connection).toBeGreaterThan(0), 1_000)
    expect(again.snapshots).toEqual([])
  })

  test('a cache that cannot be written costs nothing but itself', async () => {
    const server = await startScriptedServer()
    server.put('orders')
    const { ids, until } = await run(server, { routeCache: join(directory(), 'none', 'routes.json') })
    await until(() => expect(ids()).toEqual(['shop/orders']))
  })
})
