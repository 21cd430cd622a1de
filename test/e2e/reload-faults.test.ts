import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { json } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { gate } from '../support/gate.ts'
import { startUpstream } from '../support/upstream.ts'
import { directoryWith } from './support/directories.ts'
import { type RelayProcess, startRelayProcess } from './support/relay-process.ts'
import { oneUpstream } from './support/routes.ts'

const close = closing()

interface RouteView {
  readonly id: string
  readonly state: string
  readonly problems: readonly { readonly code: string; readonly location: { readonly line: number } }[]
}

const routesOf = async (relay: RelayProcess): Promise<readonly RouteView[]> =>
  ((await relay.api('/api/v1/routes')) as { routes: RouteView[] }).routes

/** `fanout_config_reloads_total` of a result. */
const reloads = async (relay: RelayProcess, result: string): Promise<number> =>
  Number(
    new RegExp(`^fanout_config_reloads_total\\{result="${result}"\\} (\\d+)$`, 'm').exec(
      await relay.metrics(),
    )?.[1],
  )

const good = (url: string): string =>
  ['apiVersion: fanoutrelay.dev/v1alpha1', 'kind: FanOutRoute', 'metadata: {name: orders}', 'spec:']
    .concat('  matches: [{path: {value: /orders}}]', '  upstreams:', `    - {name: only, url: "${url}"}`, '')
    .join('\n')

describe('a bad edit keeps the last good version, and says where it is wrong', () => {
  const half = good('http://127.0.0.1:9').slice(0, 110)
  test.each([
    ['an unknown field', (text: string) => `${text}  timeout: {request: 2s}\n`, 'FR0002', '8:3'],
    ['half a file', () => half, 'FR0001', `${half.split('\n').length}:`],
    ['an empty file', () => '', 'FR0117', '1:1'],
  ])('%s', async (_what, edit, code, place) => {
    const upstream = close(await startUpstream())
    const directory = directoryWith({ 'orders.yaml': good(upstream.url) })
    const file = path.join(directory, 'orders.yaml')
    const relay = await startRelayProcess(directory)
    const [route] = await routesOf(relay)
    expect(route).toMatchObject({ state: 'active', problems: [] })

    writeFileSync(file, edit(good(upstream.url)))
    await eventually(async () => {
      const [edited] = await routesOf(relay)
      expect(edited).toMatchObject({ id: 'default/orders', state: 'last_good', problems: [{ code }] })
    })
    expect((await relay.ask({ path: '/orders' })).status).toBe(200)
    // An emptied file may be a save that has just begun: a warning, and nothing is refused.
    expect(await reloads(relay, 'rejected')).toBe(code === 'FR0117' ? 0 : 1)
    expect(await relay.metrics()).toMatch(/^fanout_routes\{state="last_good"\} 1$/m)
    await relay.line('routes unchanged')
    const line = relay.log().find(entry => entry['code'] === code)
    expect(line?.['at']).toMatch(new RegExp(`^${directory}/orders\\.yaml:${place}`))

    // Mended to another URL, so that the answer shows that it is the new version.
    const moved = close(await startUpstream((_received, response) => response.end('moved')))
    writeFileSync(file, good(moved.url))
    await eventually(async () => {
      expect((await relay.ask({ path: '/orders' })).body.toString()).toBe('moved')
    })
    expect(await routesOf(relay)).toMatchObject([{ state: 'active', problems: [] }])
  })
})

test('a route that is deleted finishes the requests it has', async () => {
  const held = gate()
  const upstream = close(
    await startUpstream((_received, response) => void held.passed.then(() => response.end('done'))),
  )
  const directory = directoryWith({ 'orders.yaml': oneUpstream('orders', upstream.url) })
  const relay = await startRelayProcess(directory)
  const inFlight = Array.from({ length: 10 }, () => relay.ask({ path: '/orders' }))
  await eventually(() => expect(upstream.received).toHaveLength(10))

  rmSync(path.join(directory, 'orders.yaml'))
  await eventually(async () => expect(await routesOf(relay)).toEqual([]))
  expect((await relay.ask({ path: '/orders' })).status).toBe(404)
  held.open()
  for (const { status, body } of await Promise.all(inFlight))
    expect([status, body.toString()]).toEqual([200, 'done'])
  await eventually(() => expect(upstream.openSockets()).toBe(0))
})

test('one bad route of two costs that route alone', async () => {
  const upstream = close(await startUpstream())
  const directory = directoryWith({
    'bad.yaml': oneUpstream('bad', upstream.url, { response: { success: 'Quorum' } }),
    'good.yaml': oneUpstream('good', upstream.url),
  })
  const relay = await startRelayProcess(directory)
  expect((await relay.ask({ path: '/good' })).status).toBe(200)
  const refused = await relay.ask({ path: '/bad' })
  expect(refused.status).toBe(503)
  expect(json(refused)).toMatchObject({
    code: 'route_invalid',
    route: 'default/bad',
    detail: expect.stringMatching(/^Route default\/bad is invalid: .*quorum/),
  })
  expect(await reloads(relay, 'partial')).toBe(1)
  expect(await routesOf(relay)).toMatchObject([
    { id: 'default/bad', state: 'broken', problems: [{ code: 'FR0021' }] },
    { id: 'default/good', state: 'active' },
  ])

  writeFileSync(path.join(directory, 'bad.yaml'), oneUpstream('bad', upstream.url))
  await eventually(async () => expect((await relay.ask({ path: '/bad' })).status).toBe(200))
})
