import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { getRoutes } from '../../src/cli/get-routes.ts'
import { age } from '../../src/cli/get-table.ts'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import * as given from '../check/support/facts.ts'
import { kubeconfigTo, listOf, startScriptedApi } from '../check/support/scripted-api.ts'
import { startScriptedServer } from '../kubernetes/support/scripted-server.ts'
import { eventually } from '../support/eventually.ts'
import { cli } from './fixtures.ts'

const path = '/apis/fanoutrelay.dev/v1alpha1/namespaces/shop/fanoutroutes'
const everywhere = '/apis/fanoutrelay.dev/v1alpha1/fanoutroutes'
const now = Date.now()

const withSummary = (name: string, ready: readonly [string, string, string]) => {
  const route = given.route(name, { Ready: ready })
  const creationTimestamp = new Date(now - 3 * 3_600_000).toISOString()
  return {
    ...route,
    metadata: { ...route.metadata, creationTimestamp },
    status: {
      ...(route.status as object),
      summary: { upstreams: '1 required, 1 shadow', strategy: 'Primary', relays: '2/2' },
    },
  }
}

const orders = withSummary('orders', ['True', 'Ready', 'fine'])
const refunds = withSummary('refunds', ['False', 'BackendNotFound', 'there is no Service "crm"'])
const fresh = { ...given.route('fresh'), status: undefined }

describe('get', () => {
  it('shows routes in columns, and below one that is not ready why', async () => {
    const { kubeconfig } = await startScriptedApi({ [path]: listOf(refunds, orders) })
    const { code, stdout, stderr } = await cli(['get', '--kubeconfig', kubeconfig])
    expect(stdout).toBe(
      [
        'NAME      PATH       UPSTREAMS              STRATEGY   READY   RELAYS   AGE',
        'orders    /orders    1 required, 1 shadow   Primary    True    2/2      3h',
        'refunds   /refunds   1 required, 1 shadow   Primary    False   2/2      3h',
        '  BackendNotFound: there is no Service "crm"',
        '',
      ].join('\n'),
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('says that no controller has looked at routes without status', async () => {
    const { kubeconfig } = await startScriptedApi({ [everywhere]: listOf(fresh, orders) })
    const { code, stdout, stderr } = await cli(['get', 'routes', '-A', '--kubeconfig', kubeconfig])
    expect(stdout).toMatch(/^NAMESPACE +NAME +PATH /)
    expect(stdout).toMatch(/\nshop +fresh +\/fresh +1 +- +Unknown +- +<unknown>\n/)
    expect(stderr).toBe(
      '1 of 2 without status: no controller has looked at them; fanout-relay check says why\n',
    )
    expect(code).toBe(0)
  })

  it('says that a status is out of date', async () => {
    const edited = { ...orders, metadata: { ...orders.metadata, generation: 5 } }
    const { kubeconfig } = await startScriptedApi({ [path]: listOf(edited) })
    const { stdout } = await cli(['get', '--kubeconfig', kubeconfig])
    expect(stdout).toContain('  OutOfDate: the status is about generation 4, the route is at 5\n')
  })

  it('prints whole objects that kubectl apply takes', async () => {
    const { kubeconfig } = await startScriptedApi({ [path]: listOf(orders, refunds) })
    const { stdout } = await cli(['get', '-o', 'yaml', '--kubeconfig', kubeconfig])
    expect(parse(stdout)).toMatchObject({
      kind: 'List',
      items: [
        { apiVersion: 'fanoutrelay.dev/v1alpha1', kind: 'FanOutRoute', metadata: { name: 'orders' } },
        { spec: refunds.spec },
      ],
    })
  })

  it('prints one object by itself', async () => {
    const { kubeconfig } = await startScriptedApi({ [path]: listOf(orders) })
    const { stdout } = await cli(['get', 'orders', '-o', 'json', '--kubeconfig', kubeconfig])
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'FanOutRoute', metadata: { name: 'orders' } })
  })

  it('ends with 0 when there are none, and with 1 when the one asked for is not there', async () => {
    const { kubeconfig } = await startScriptedApi({ [path]: listOf() })
    expect(await cli(['get', '--kubeconfig', kubeconfig])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'there are no routes in namespace shop\n',
    })
    expect(await cli(['get', 'routes', 'orders', '--kubeconfig', kubeconfig])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'there is no route orders in namespace shop\n',
    })
    expect(JSON.parse((await cli(['get', '-o', 'json', '--kubeconfig', kubeconfig])).stdout).items).toEqual(
      [],
    )
  })

  it.each([
    [404, 'FR0210', 'install the chart'],
    [403, 'FR0203', 'ask for the role view'],
    [500, 'FR0204', 'try again'],
  ])('ends with 1 and a fix when the API server answers %d', async (status, expected, fix) => {
    const { kubeconfig } = await startScriptedApi({}, status)
    const { code, stderr } = await cli(['get', '--kubeconfig', kubeconfig])
    expect(stderr).toContain(`fanout-relay: ${expected} `)
    expect(stderr).toContain(`\n  fix: ${fix}`)
    expect(code).toBe(1)
  })

  it('ends with 1 when nobody is there, with -w as well', async () => {
    const { code, stderr } = await cli(['get', '-w', '--kubeconfig', kubeconfigTo('http://127.0.0.1:1')])
    expect(stderr).toContain('FR0200')
    expect(code).toBe(1)
  })

  it.each([
    [['get', 'routes', 'a', 'b'], 'get shows one route or all'],
    [['get', 'Orders'], '"Orders" cannot be the name of a route'],
    [['get', 'a,b'], '"a,b" cannot be the name of a route'],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stderr } = await cli(args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })
})

describe('get -w', () => {
  const follow = async (output: 'text' | 'json') => {
    const server = await startScriptedServer()
    server.put('orders', { matches: [{ path: { value: '/orders' } }], upstreams: [{ name: 'a' }] })
    const client = await loadCluster({ kubeconfig: kubeconfigTo(server.url) })
    const ending = new AbortController()
    let stdout = ''
    let stderr = ''
    const io = {
      env: {},
      stdout: (text: string) => {
        stdout += text
      },
      stderr: (text: string) => {
        stderr += text
      },
    }
    const done = getRoutes(
      client,
      {
        namespace: 'shop',
        name: undefined,
        output,
        watch: true,
        signal: ending.signal,
        wallClock: () => now,
      },
      io,
    )
    onTestFinished(async () => {
      ending.abort()
      await done
      await client.close()
      await server.close()
    })
    await server.watching()
    const lines = () => stdout.split('\n').slice(0, -1)
    return { server, ending, done, lines, stderr: () => stderr }
  }

  it('appends a line for each change that shows, under the first headings', async () => {
    const { server, ending, done, lines } = await follow('text')
    expect(lines()).toHaveLength(2)
    server.put('orders', {
      matches: [{ path: { value: '/orders' } }],
      upstreams: [{ name: 'a' }],
      hostnames: ['x'],
    })
    server.put('crm', {})
    await eventually(() => expect(lines()[2]).toMatch(/^crm +\/ +-/))
    server.put('orders', { matches: [{ path: { value: '/v2' } }], upstreams: [{ name: 'a' }] })
    await eventually(() => expect(lines()).toHaveLength(4))
    expect(lines()[3]).toMatch(/^orders {3}\/v2 {7}1 /)
    server.delete('orders')
    await eventually(() => expect(lines().slice(4)).toEqual([expect.stringMatching(/^orders/), '  Deleted']))
    ending.abort()
    expect(await done).toBe(0)
  })

  it('says that it lost the API server, and goes on once it is back', async () => {
    const { server, lines, stderr } = await follow('text')
    server.fail('watch', 500)
    server.cutConnections()
    await eventually(() => expect(stderr()).toContain('not following the API server; trying again'))
    await eventually(() => expect(stderr()).toContain('following the API server again'), 10_000)
    server.put('crm', {})
    await eventually(() => expect(lines()).toHaveLength(3))
  })

  it('writes one JSON object a line for programs', async () => {
    const { server, lines } = await follow('json')
    server.put('orders', { hostnames: ['x'] })
    await eventually(() => expect(lines()).toHaveLength(2))
    expect(lines().map(line => JSON.parse(line).metadata.generation)).toEqual([1, 2])
  })
})

it.each([
  [0, '0s'],
  [45, '45s'],
  [119, '119s'],
  [200, '3m20s'],
  [1_800, '30m'],
  [7_300, '2h'],
  [90_000, '25h'],
  [1_000_000, '11d'],
])('%d seconds are %s', (seconds, text) => {
  expect(age(new Date(now - seconds * 1000).toISOString(), now)).toBe(text)
})
