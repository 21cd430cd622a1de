import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Condition, RouteStatus } from '../../src/api/status.ts'
import type { LeaseSpec } from '../../src/controller/lease.ts'
import type { RouteObject } from '../../src/controller/resources.ts'
import { writeStatus } from '../../src/controller/write-status.ts'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import { eventually } from '../support/eventually.ts'
import type { ApiObject } from './support/api-client.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { controllerNamespace, grantController } from './support/controller-rights.ts'
import { must } from './support/e2e-command.ts'
import { type RelayPod, startRelayPod } from './support/relay-pods.ts'
import { type Replica, startReplica } from './support/replica.ts'
import { installCrd } from './support/routes.ts'
import { hasClusterTools } from './support/tools.ts'

const routesPath = '/apis/fanoutrelay.dev/v1alpha1/namespaces/shop/fanoutroutes'
const route = (name: string, spec: Readonly<Record<string, unknown>>) => ({
  apiVersion: 'fanoutrelay.dev/v1alpha1',
  kind: 'FanOutRoute',
  metadata: { name, namespace: 'shop' },
  spec: { matches: [{ path: { value: `/${name}` } }], ...spec },
})

/** Longer than the longest pause between two questions to a relay, which is 18 s, and than any of its own. */
const waitMs = 40_000

describe.runIf(hasClusterTools())('the controller on a real API server', { timeout: 240_000 }, () => {
  let plane: ControlPlane
  let kubeconfig: string
  let first: Replica
  const pods: RelayPod[] = []
  const replicas: Replica[] = []

  const replica = async (identity: string): Promise<Replica> => {
    const started = await startReplica(kubeconfig, identity)
    replicas.push(started)
    return started
  }
  const create = async (object: ReturnType<typeof route>): Promise<void> => {
    const answer = await plane.request('POST', routesPath, { body: object })
    expect(answer.status, answer.text).toBe(201)
  }
  const merge = async (path: string, body: unknown): Promise<void> => {
    const { status, text } = await plane.request('PATCH', path, {
      body,
      contentType: 'application/merge-patch+json',
    })
    expect(status, text).toBe(200)
  }
  const patch = (name: string, body: unknown) => merge(`${routesPath}/${name}`, body)
  const kubectl = (...args: readonly string[]) => must(plane.kubectl(...args))
  const read = async (name: string) => (await plane.request('GET', `${routesPath}/${name}`)).object
  const statusOf = (object: ApiObject): RouteStatus => (object['status'] ?? {}) as RouteStatus
  const condition = async (name: string, type: string): Promise<Condition | undefined> =>
    statusOf(await read(name)).conditions?.find(found => found.type === type)
  /** `True Ready`, once it is so. */
  const becomes = (name: string, type: string, wanted: string) =>
    eventually(async () => {
      const found = await condition(name, type)
      expect(`${found?.status} ${found?.reason}`).toBe(wanted)
      return found!
    }, waitMs)

  const lease = async (): Promise<LeaseSpec> => {
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${controllerNamespace}/leases`
    return (await plane.request('GET', `${leases}/fanout-relay-controller`)).object.spec as LeaseSpec
  }
  const renewTime = async () => (await lease()).renewTime

  beforeAll(async () => {
    plane = await startControlPlane()
    await installCrd(plane)
    kubeconfig = await grantController(plane)
    await plane.createNamespace('shop')
    first = await replica('first')
    await eventually(() => expect(first.leading).toBe(true), waitMs)
  })

  afterAll(async () => {
    for (const pod of pods) pod.close()
    await Promise.all(replicas.map(({ stop }) => stop()))
    await plane?.stop()
  })

  it('takes a route through its reasons to Ready, and shows it in columns', async () => {
    await create(
      route('orders', {
        upstreams: [
          { name: 'inventory', backendRef: { name: 'inventory', port: 8080 } },
          { name: 'crm', role: 'Optional', url: 'http://crm' },
        ],
      }),
    )
    const missing = await becomes('orders', 'Ready', 'False BackendNotFound')
    expect(missing.message).toContain('there is no Service "inventory" in namespace "shop"')
    await kubectl('create', 'service', 'clusterip', 'inventory', '--tcp=80', '-n', 'shop')
    expect((await becomes('orders', 'Ready', 'False PortNotFound')).message).toContain('use one of 80')
    await kubectl('delete', 'service', 'inventory', '-n', 'shop')
    await kubectl('create', 'service', 'clusterip', 'inventory', '--tcp=8080', '-n', 'shop')
    await becomes('orders', 'ResolvedRefs', 'True ResolvedRefs')
    await becomes('orders', 'Ready', 'False NoRelays')

    pods.push(await startRelayPod(plane, 'shop', 'checkout-1', { app: 'checkout' }))
    pods.push(await startRelayPod(plane, 'shop', 'checkout-2', { app: 'checkout' }))
    await becomes('orders', 'Ready', 'False RelayOutdated')
    for (const pod of pods) pod.routes = { 'shop/orders': 1 }
    await becomes('orders', 'Ready', 'True Ready')
    expect(
      (await kubectl('get', 'fo', '-n', 'shop'))
        .trim()
        .split('\n')
        .map(line => line.trim().split(/\s{2,}/)),
    ).toEqual([
      ['NAME', 'PATH', 'UPSTREAMS', 'STRATEGY', 'READY', 'RELAYS', 'AGE'],
      ['orders', '/orders', '1 required, 1 optional', 'All', 'True', '2/2', expect.any(String)],
    ])
    const wide = await kubectl('get', 'fo', '-n', 'shop', '-o', 'wide')
    expect(wide).toContain('2 of 2 relays run generation 1.')
    await kubectl('wait', 'fo/orders', '-n', 'shop', '--for=condition=Ready', '--timeout=30s')
  })

  it('writes nothing while nothing changes', async () => {
    const before = await read('orders')
    const writes = first.writes
    const asked = pods[0]!.asked
    // Something that is looked at, but changes no status.
    await kubectl('label', 'service', 'inventory', '-n', 'shop', 'touched=yes')
    await eventually(() => expect(pods[0]!.asked).toBeGreaterThan(asked), waitMs)
    expect((await read('orders')).metadata).toEqual(before.metadata)
    expect(first.writes).toBe(writes)
  })

  it('follows an edit from generation to generation', async () => {
    const ready = await condition('orders', 'Ready')
    const accepted = await condition('orders', 'Accepted')
    await patch('orders', { spec: { timeouts: { request: '2s' } } })
    const outdated = await becomes('orders', 'Programmed', 'False RelayOutdated')
    expect(outdated).toMatchObject({ observedGeneration: 2, message: '0 of 2 relays run generation 2.' })
    pods[0]!.routes = { 'shop/orders': 2 }
    await eventually(
      async () => expect((await condition('orders', 'Ready'))?.message).toContain('1 of 2'),
      waitMs,
    )
    pods[1]!.routes = { 'shop/orders': 2 }
    const again = await becomes('orders', 'Ready', 'True Ready')
    expect(again.observedGeneration).toBe(2)
    expect(Date.parse(again.lastTransitionTime)).toBeGreaterThanOrEqual(Date.parse(ready!.lastTransitionTime))
    // It was accepted all the time.
    expect(await condition('orders', 'Accepted')).toEqual({ ...accepted, observedGeneration: 2 })
  })

  it('says what is wrong with an invalid route, and which generation goes on', async () => {
    await patch('orders', { spec: { matches: [{ path: { type: 'RegularExpression', value: '/a(?!b)' } }] } })
    const rejected = await becomes('orders', 'Accepted', 'False Invalid')
    expect(rejected.message).toContain('FR0041 spec.matches[0].path.value')
    expect((await condition('orders', 'Programmed'))?.message).toContain('Relays go on with generation 2')
    await patch('orders', { spec: { matches: [{ path: { value: '/orders' } }] } })
    await becomes('orders', 'Accepted', 'True Accepted')
  })

  it('names the route that hides another, and lets go of it', async () => {
    const upstreams = [{ name: 'a', url: 'http://a' }]
    await create(route('hidden', { upstreams, matches: [{ path: { value: '/orders' } }] }))
    expect((await becomes('hidden', 'Overridden', 'True Overridden')).message).toContain('shop/orders')
    await patch('hidden', { spec: { matches: [{ path: { value: '/other' } }] } })
    await eventually(async () => expect(await condition('hidden', 'Overridden')).toBeUndefined(), waitMs)
  })

  const events = async (namespace: string) => {
    const { object } = await plane.request('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`)
    return object['items'] as readonly {
      readonly reason: string
      readonly note: string
      readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string }
    }[]
  }

  it('tells of transitions by events', async () => {
    // Nobody waits for an event to be sent.
    const seen = await eventually(async () => {
      const told = (await events('shop')).map(({ reason, regarding }) => `${regarding.name} ${reason}`)
      for (const wanted of [
        'orders RouteAccepted',
        'orders RefNotFound',
        'orders RouteRejected',
        'hidden RouteOverridden',
      ])
        expect(told).toContain(wanted)
      return told
    }, waitMs)
    expect(seen.filter(text => text === 'orders RouteRejected')).toHaveLength(1)
  })

  it('leaves alone what others put into a status', async () => {
    const foreign = {
      type: 'Somebodys',
      status: 'True',
      reason: 'Own',
      message: 'theirs',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }
    const taken = await plane.request(
      'PATCH',
      `${routesPath}/hidden/status?fieldManager=somebody&force=true`,
      {
        body: {
          apiVersion: 'fanoutrelay.dev/v1alpha1',
          kind: 'FanOutRoute',
          metadata: { name: 'hidden', namespace: 'shop' },
          status: { conditions: [foreign] },
        },
        contentType: 'application/apply-patch+yaml',
      },
    )
    expect(taken.status, taken.text).toBe(200)
    const { generation } = (await read('hidden')).metadata as { generation?: number }
    await patch('hidden', { spec: { timeouts: { request: '3s' } } })
    await eventually(async () => {
      const status = statusOf(await read('hidden'))
      expect(status.observedGeneration).toBe(generation! + 1)
      expect(status.conditions).toContainEqual(foreign)
    }, waitMs)
  })

  it('cannot write over what it has not seen: who does not lead any more changes nothing', async () => {
    const client = await loadCluster({ kubeconfig })
    const seen = (await read('hidden')) as unknown as RouteObject
    const status = { ...statusOf(seen as unknown as ApiObject), truncated: true }
    await patch('hidden', { metadata: { labels: { touched: 'yes' } } })
    const { signal } = new AbortController()
    await expect(writeStatus(client, seen, status, signal)).rejects.toMatchObject({ status: 409 })
    const gone = { ...seen, metadata: { ...seen.metadata, name: 'gone' } }
    await expect(writeStatus(client, gone, status, signal)).rejects.toMatchObject({ status: 404 })
    await client.close()
    expect(statusOf(await read('hidden')).truncated).toBeUndefined()
  })

  it('tells by an event of a route whose name is too long, too', async () => {
    const name = `a${'b'.repeat(234)}.${'c'.repeat(17)}`
    const long = route(name, {
      matches: [{ path: { value: '/long' } }],
      upstreams: [{ name: 'a', url: 'http://a' }],
    })
    expect(name).toHaveLength(253)
    await create(long)
    await eventually(async () => {
      const found = (await events('shop')).find(({ regarding }) => regarding.name === name)
      expect(found?.reason).toBe('RouteRejected')
    }, waitMs)
    await plane.request('DELETE', `${routesPath}/${name}`)
  })

  it('sends one event about what made pods that missed injection', async () => {
    await plane.createNamespace('late')
    const replicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'checkout', namespace: 'late' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'a' } },
        template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'app', image: 'a' }] } },
      },
    }
    const owner = await plane.request('POST', '/apis/apps/v1/namespaces/late/replicasets', {
      body: replicaSet,
    })
    expect(owner.status, owner.text).toBe(201)
    const { uid } = owner.object.metadata as { readonly uid?: string }
    const makePod = async (name: string, metadata: object = {}): Promise<void> => {
      const { status, text } = await plane.request('POST', '/api/v1/namespaces/late/pods', {
        body: {
          metadata: { name, labels: { app: 'a' }, ...metadata },
          spec: { containers: [{ name: 'app', image: 'a' }] },
        },
      })
      expect(status, text).toBe(201)
    }
    const owned = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'checkout', uid, controller: true }
    for (const name of ['checkout-1', 'checkout-2']) await makePod(name, { ownerReferences: [owned] })
    await merge('/api/v1/namespaces/late', {
      metadata: { labels: { 'fanoutrelay.dev/injection': 'enabled' } },
    })
    const found = await eventually(async () => {
      const [first] = await events('late')
      if (!first) throw new Error('no event')
      return first
    }, waitMs)
    expect(found).toMatchObject({
      reason: 'InjectionSkipped',
      regarding: { kind: 'ReplicaSet', name: 'checkout', uid },
    })
    expect(found.note).toMatch(/^No relay was injected: it was made before .* Fix: /)
    // Two more rounds, each known by what it has to tell, find the same of the ReplicaSet.
    const told = async () => (await events('late')).map(({ regarding }) => regarding.name)
    for (const name of ['single', 'another']) {
      await makePod(name)
      await eventually(async () => expect(await told()).toContain(name), waitMs)
    }
    expect((await told()).sort()).toEqual(['another', 'checkout', 'single'])
  })

  it('makes the RoleBinding of relays, keeps it right and removes it', async () => {
    const binding = async () =>
      JSON.parse(await kubectl('get', 'rolebinding', '-n', 'shop', '-o', 'json')).items.map(
        (item: { metadata: { name: string } }) => item.metadata.name,
      )
    // The pods of relays are reason enough.
    await eventually(async () => expect(await binding()).toEqual(['fanout-relay-reader']), waitMs)
    const relay = ['--as=system:serviceaccount:shop:default', '--as-group=system:serviceaccounts:shop']
    // RBAC takes a moment to see a new binding.
    await eventually(async () => {
      const can = await plane.kubectl('auth', 'can-i', 'list', 'fanoutroutes', '-n', 'shop', ...relay)
      expect(can).toMatchObject({ stdout: 'yes\n' })
    })
    await kubectl('delete', 'rolebinding', 'fanout-relay-reader', '-n', 'shop')
    await eventually(async () => expect(await binding()).toEqual(['fanout-relay-reader']), waitMs)

    await plane.createNamespace('labelled', { 'fanoutrelay.dev/injection': 'enabled' })
    const ofLabelled = () => plane.kubectl('get', 'rolebinding', 'fanout-relay-reader', '-n', 'labelled')
    await eventually(async () => expect(await ofLabelled()).toMatchObject({ code: 0 }), waitMs)
    await kubectl('label', 'namespace', 'labelled', 'fanoutrelay.dev/injection-')
    await eventually(async () => expect((await ofLabelled()).stderr).toContain('NotFound'), waitMs)
  })

  it('never touches a RoleBinding of that name that is not its own', async () => {
    await plane.createNamespace('foreign')
    const args = ['rolebinding', 'fanout-relay-reader', '-n', 'foreign']
    await kubectl('create', ...args, '--clusterrole=view', '--serviceaccount=foreign:default')
    const version = async () => kubectl('get', ...args, '-o', 'jsonpath={.metadata.resourceVersion}')
    const before = await version()
    await kubectl('label', 'namespace', 'foreign', 'fanoutrelay.dev/injection=enabled')
    await eventually(() => expect(first.complaints.join()).toContain('belongs to somebody else'), waitMs)
    await kubectl('label', 'namespace', 'foreign', 'fanoutrelay.dev/injection-')
    await plane.createNamespace('later', { 'fanoutrelay.dev/injection': 'enabled' })
    await eventually(() => kubectl('get', 'rolebinding', 'fanout-relay-reader', '-n', 'later'), waitMs)
    expect(await version()).toBe(before)
  })

  it('needs no other rights than its own, and complains of none', () => {
    expect(first.complaints.filter(text => /forbidden|status 403/i.test(text))).toEqual([])
  })

  it('hands over at once when it is stopped', async () => {
    const second = await replica('second')
    expect((await lease()).holderIdentity).toBe('first')
    const before = await read('orders')
    await first.stop()
    const stopped = performance.now()
    await eventually(() => expect(second.leading).toBe(true), waitMs)
    // Without that it would take 15 s.
    expect(performance.now() - stopped).toBeLessThan(10_000)
    // Who takes over knows no relay yet, and says nothing before it does.
    await patch('hidden', { spec: { timeouts: { request: '4s' } } })
    await eventually(async () => expect(second.writes).toBeGreaterThan(0), waitMs)
    expect(statusOf(await read('orders')).conditions).toEqual(statusOf(before).conditions)
  })

  it('takes over within 15 s from one that is cut off, which does not write any more', async () => {
    const second = replicas.at(-1)!
    const third = await replica('third')
    // As a replica that has been standing by, it has seen the lease renewed.
    const before = await renewTime()
    await eventually(async () => expect(await renewTime()).not.toBe(before), waitMs)
    const between = await renewTime()
    await eventually(async () => expect(await renewTime()).not.toBe(between), waitMs)
    const cut = performance.now()
    await second.cutOff()
    const writes = second.writes
    await eventually(() => expect(third.leading).toBe(true), waitMs)
    // 15 s, which a test on a clock of its own proves, and what this machine takes to notice.
    expect(performance.now() - cut).toBeLessThan(20_000)
    expect(second.leading).toBe(false)
    expect(second.writes).toBe(writes)
  })
})
