import { beforeEach, describe, expect, it } from 'vitest'
import { ClusterView, type Kind } from '../../src/controller/cluster-view.ts'
import type { UninjectedPod } from '../../src/controller/injection-events.ts'
import { NamespaceReconciler } from '../../src/controller/reconcile-namespace.ts'
import type { Relay, RelayAnswer } from '../../src/controller/relays.ts'
import type { RouteObject } from '../../src/controller/resources.ts'
import type { ApiAnswer, ApiRequest } from '../../src/kubernetes/api-client.ts'
import { ApiError } from '../../src/kubernetes/api-error.ts'
import { type KubernetesObject, keyOf } from '../../src/kubernetes/objects.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'

const route = (name: string, more: Partial<RouteObject> = {}): RouteObject => ({
  apiVersion: 'fanoutrelay.dev/v1alpha1',
  kind: 'FanOutRoute',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation: 1, resourceVersion: '10' },
  spec: { matches: [{ path: { value: `/${name}` } }], upstreams: [{ name: 'a', url: 'http://a' }] },
  ...more,
})
const namespace = (labels: Record<string, string> = {}) => ({
  metadata: { name: 'shop', resourceVersion: '1', labels },
})
const relayPod = (name: string, ip = '10.0.0.1') => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1' },
  spec: { containers: [{ name: 'fanout-relay', image: 'much' }], volumes: [{ name: 'more' }] },
  status: { phase: 'Running', podIP: ip },
})

describe('reconciling a namespace', () => {
  let view: ClusterView
  let clock: FakeClock
  let sent: ApiRequest[]
  let answer: (request: ApiRequest) => Promise<ApiAnswer>
  let answers: Map<string, RelayAnswer>
  let relays: Map<string, Relay>
  let results: string[]
  let counts: unknown[]
  let uninjected: readonly UninjectedPod[]
  let forgotten: string[]
  let abort: AbortController
  let reconciler: NamespaceReconciler

  const see = (kind: Kind, ...objects: KubernetesObject[]) => {
    const all = new Map(objects.map(object => [keyOf(object), structuredClone(object)]))
    return view.update(kind, all, new Set(all.keys()), {
      set: relay => relays.set(relay.uid, relay),
      delete: uid => relays.delete(uid),
    })
  }
  const statuses = () => sent.filter(({ path }) => path.includes('/status'))
  /** As the API server answers an apply: the object with the status, one version later. */
  const applied = async (request: ApiRequest): Promise<ApiAnswer> => {
    const { metadata, status } = request.body as RouteObject
    const version = Number(metadata.resourceVersion) + 1
    return {
      status: 200,
      body: {
        ...route(metadata.name, { status }),
        metadata: { ...route(metadata.name).metadata, resourceVersion: String(version) },
      },
    }
  }

  beforeEach(() => {
    view = new ClusterView()
    clock = new FakeClock()
    sent = []
    answers = new Map()
    relays = new Map()
    results = []
    counts = []
    uninjected = []
    forgotten = []
    abort = new AbortController()
    answer = request =>
      request.path.includes('/status') ? applied(request) : Promise.resolve({ status: 200, body: {} })
    const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    reconciler = new NamespaceReconciler({
      client: {
        server: '',
        namespace: 'system',
        close: async () => {},
        request: request => {
          sent.push(request)
          return answer(request)
        },
      },
      identity: 'me',
      view,
      poller: {
        asked: uid => {
          const relay = relays.get(uid)
          return relay && { ...relay, answer: answers.get(uid) ?? { kind: 'pending' } }
        },
      },
      findUninjected: () => uninjected,
      observer: {
        reconciled: result => results.push(result),
        leading: () => {},
        relays: (_, found) => counts.push(found),
        uninjectedPods: () => {},
        forget: name => forgotten.push(name),
        statusWritten: () => {},
        event: () => {},
      },
      clock,
      logger: silent,
      signal: abort.signal,
      now: () => new Date('2026-11-22T12:00:00.500Z'),
    })
  })

  it('writes over the version it looked at, as the field manager it is', async () => {
    see('namespaces', namespace())
    see('routes', route('orders'))
    await reconciler.reconcile('shop')
    const [write] = statuses()
    expect(write).toMatchObject({
      method: 'PATCH',
      path: '/apis/fanoutrelay.dev/v1alpha1/namespaces/shop/fanoutroutes/orders/status?fieldManager=fanout-relay-controller&force=true',
      contentType: 'application/apply-patch+yaml',
    })
    const { metadata, status } = write!.body as RouteObject
    expect(metadata).toMatchObject({ uid: 'uid-orders', resourceVersion: '10' })
    expect(status).toMatchObject({ observedGeneration: 1, summary: { relays: '0/0' } })
    expect(JSON.stringify(write!.body)).not.toContain('spec')
    expect(results).toEqual(['success'])
  })

  it('writes once, even before the watch has brought the write back', async () => {
    see('routes', route('orders'))
    await reconciler.reconcile('shop')
    await reconciler.reconcile('shop')
    expect(statuses()).toHaveLength(1)
  })

  it('goes on from what it wrote when something changes before the watch has brought that back', async () => {
    see('routes', route('orders'))
    await reconciler.reconcile('shop')
    see('pods', relayPod('checkout'))
    answers.set('uid-checkout', { kind: 'answered', generations: new Map([['shop/orders', 1]]) })
    await reconciler.reconcile('shop')
    expect(statuses().map(({ body }) => (body as RouteObject).metadata.resourceVersion)).toEqual(['10', '11'])
  })

  it('comes back after a conflict, and the other routes are written all the same', async () => {
    see('routes', route('orders'), route('other'))
    const good = answer
    answer = request =>
      request.path.includes('/orders/status')
        ? Promise.reject(new ApiError('rejected', 'conflict', { status: 409 }))
        : good(request)
    await expect(reconciler.reconcile('shop')).rejects.toThrow('1 writes failed')
    expect(results).toEqual(['conflict'])
    answer = good
    await reconciler.reconcile('shop')
    expect(statuses().map(({ path }) => path.split('/').at(-2))).toEqual(['other', 'orders', 'orders'])
    expect(results).toEqual(['conflict', 'success'])
  })

  it('has nothing to say about a route that is gone', async () => {
    see('routes', route('orders'))
    answer = () => Promise.reject(new ApiError('not_found', 'gone', { status: 404 }))
    await reconciler.reconcile('shop')
    expect(results).toEqual(['success'])
  })

  it('writes nothing once it does not lead any more', async () => {
    see('namespaces', namespace({ 'fanoutrelay.dev/injection': 'enabled' }))
    see('routes', route('orders'))
    abort.abort()
    await reconciler.reconcile('shop')
    expect(sent).toEqual([])
  })

  it('says Unknown of a new route, and nothing new of a known one, while relays were not asked', async () => {
    see('routes', route('orders'))
    see('pods', relayPod('checkout'))
    await reconciler.reconcile('shop')
    const first = (statuses()[0]!.body as RouteObject).status
    expect(first).toMatchObject({
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'Pending' })]),
    })

    const known = route('orders', { status: { conditions: (first as { conditions: unknown }).conditions } })
    see('routes', { ...known, metadata: { ...known.metadata, resourceVersion: '20' } })
    await reconciler.reconcile('shop')
    expect(statuses()).toHaveLength(1)
    answers.set('uid-checkout', { kind: 'answered', generations: new Map([['shop/orders', 1]]) })
    await reconciler.reconcile('shop')
    expect((statuses()[1]!.body as RouteObject).status).toMatchObject({ summary: { relays: '1/1' } })
  })

  it('does not count a relay that has just come as behind', async () => {
    see('routes', route('orders'))
    see('pods', relayPod('one'), relayPod('two'))
    answers.set('uid-one', { kind: 'answered', generations: new Map([['shop/orders', 1]]) })
    answers.set('uid-two', { kind: 'answered', generations: new Map([['shop/orders', 1]]) })
    await reconciler.reconcile('shop')
    answers.delete('uid-two')
    see('services')
    await reconciler.reconcile('shop')
    expect(statuses()[1]!.body).toMatchObject({
      status: {
        summary: { relays: '1/1' },
        conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]),
      },
    })
  })

  it('waits for relays at first, and no longer than it was told', async () => {
    see('namespaces', namespace())
    see(
      'routes',
      route('orders', {
        status: {
          conditions: [
            {
              type: 'Ready',
              status: 'True',
              reason: 'Ready',
              message: '',
              lastTransitionTime: '2026-01-01T00:00:00Z',
            },
          ],
        },
      }),
    )
    see('pods', relayPod('one'), relayPod('two'))
    answers.set('uid-one', { kind: 'answered', generations: new Map() })
    reconciler.waitForRelaysUntil(clock.now() + 5_000)
    await reconciler.reconcile('shop')
    expect(statuses()).toEqual([])
    clock.advance(5_000)
    await reconciler.reconcile('shop')
    expect(statuses()).toHaveLength(1)
    expect(counts.at(-1)).toEqual({ current: 0, outdated: 1, unreachable: 0, pending: 1 })
  })

  it('sends an event after the write of a transition, and none without', async () => {
    see('routes', route('orders'))
    answer = () => Promise.reject(new ApiError('server_error', 'no', { status: 500 }))
    await expect(reconciler.reconcile('shop')).rejects.toThrow()
    expect(sent.filter(({ path }) => path.includes('/events'))).toEqual([])
    answer = request => applied(request)
    await reconciler.reconcile('shop')
    await eventually(() =>
      expect(sent.filter(({ path }) => path.endsWith('/namespaces/shop/events'))).toHaveLength(1),
    )
    expect(sent.at(-1)!.body).toMatchObject({
      reason: 'RouteAccepted',
      type: 'Normal',
      regarding: { kind: 'FanOutRoute', name: 'orders', namespace: 'shop', uid: 'uid-orders' },
      reportingController: 'fanoutrelay.dev/controller',
      reportingInstance: 'me',
    })
  })

  it('sends an event about what made pods without their relay, once while it stays so', async () => {
    const pod = (name: string, owner?: string) => ({
      metadata: {
        name,
        namespace: 'shop',
        uid: `uid-${name}`,
        resourceVersion: '1',
        ...(owner && {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: `uid-${owner}`, controller: true },
          ],
        }),
      },
      spec: { containers: [{ name: 'app' }] },
    })
    const missing = (name: string, reason = 'not_injected') => ({
      pod: name,
      reason,
      message: 'it was made before',
      fix: 'kubectl rollout restart deployment checkout -n shop',
    })
    const told = () =>
      sent
        .filter(({ path }) => path.endsWith('/namespaces/shop/events'))
        .map(({ body }) => (body as { regarding: { name: string } }).regarding.name)
    see('namespaces', namespace({ 'fanoutrelay.dev/injection': 'enabled' }))
    see('pods', pod('checkout-1', 'checkout'), pod('checkout-2', 'checkout'), pod('alone'))
    uninjected = [missing('checkout-1'), missing('checkout-2'), missing('alone')]
    await reconciler.reconcile('shop')
    expect(told()).toEqual(['checkout', 'alone'])
    expect(sent.find(({ path }) => path.endsWith('/events'))!.body).toMatchObject({
      type: 'Warning',
      reason: 'InjectionSkipped',
      note: 'No relay was injected: it was made before. Fix: kubectl rollout restart deployment checkout -n shop',
      regarding: {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'checkout',
        namespace: 'shop',
        uid: 'uid-checkout',
      },
    })
    uninjected = [missing('checkout-2'), missing('alone')]
    await reconciler.reconcile('shop')
    expect(told()).toHaveLength(2)
    uninjected = [missing('alone', 'unsupported')]
    await reconciler.reconcile('shop')
    uninjected = [missing('checkout-1')]
    await reconciler.reconcile('shop')
    expect(told()).toEqual(['checkout', 'alone', 'alone', 'checkout'])
  })

  it('sends a few such events a round, the others in the next rounds, and none when it does not lead', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `pod-${index}`)
    see('namespaces', namespace())
    see(
      'pods',
      ...names.map(name => ({
        metadata: { name, namespace: 'shop', uid: name, resourceVersion: '1' },
        spec: { containers: [{ name: 'app' }] },
      })),
    )
    uninjected = names.map(pod => ({ pod, reason: 'not_injected', message: 'a', fix: 'b' }))
    const told = () => sent.filter(({ path }) => path.endsWith('/events')).length
    const counts: number[] = []
    for (let round = 0; round < 4; round++) {
      await reconciler.reconcile('shop')
      counts.push(told())
    }
    expect(counts).toEqual([10, 20, 25, 25])
    uninjected = []
    await reconciler.reconcile('shop')
    uninjected = [{ pod: 'pod-1', reason: 'not_injected', message: 'a', fix: 'b' }]
    abort.abort()
    await reconciler.reconcile('shop')
    expect(told()).toBe(25)
  })

  it('removes a RoleBinding that it made, and only the very one it looked at', async () => {
    see('namespaces', namespace())
    see('roleBindings', {
      metadata: {
        name: 'fanout-relay-reader',
        namespace: 'shop',
        uid: 'u',
        resourceVersion: '7',
        labels: { 'app.kubernetes.io/managed-by': 'fanout-relay' },
      },
    })
    await reconciler.reconcile('shop')
    expect(sent).toMatchObject([
      { method: 'DELETE', body: { preconditions: { uid: 'u', resourceVersion: '7' } } },
    ])
  })

  it('keeps of objects what it needs, also where the reflector keeps them', () => {
    const pod = {
      ...relayPod('big'),
      metadata: { ...relayPod('big').metadata, annotations: { 'other/huge': 'x'.repeat(1000) } },
    }
    const all = new Map([['shop/big', pod]])
    view.update('pods', all, new Set(all.keys()), { set: () => {}, delete: () => {} })
    expect(JSON.stringify(all.get('shop/big')).length).toBeLessThan(400)
    expect(view.pods.get('shop', 'big')).toBe(pod)
  })

  it('keeps the protocol of the ports of a Service', () => {
    see('services', {
      metadata: { name: 'dns', namespace: 'shop', resourceVersion: '1' },
      spec: { clusterIP: '10.0.0.1', ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 5353 }] },
    } as KubernetesObject)
    expect(view.services.get('shop', 'dns')?.spec).toEqual({ ports: [{ port: 53, protocol: 'UDP' }] })
  })

  it('looks at the namespaces whose routes refer to a Service that changed', () => {
    see('namespaces', namespace())
    see(
      'routes',
      route('orders', {
        spec: { upstreams: [{ name: 'a', backendRef: { name: 'crm', namespace: 'sales', port: 80 } }] },
      }),
    )
    const service = (name: string, of: string) => ({
      metadata: { name, namespace: of, resourceVersion: '1' },
      spec: { ports: [{ port: 80 }] },
    })
    expect(see('services', service('crm', 'sales'))).toEqual([{ namespace: 'shop', expectsRelays: false }])
    expect(see('services', service('crm', 'shop'), service('other', 'sales'))).toEqual([])
  })

  it('expects other routes on relays when the generation of one changed, not when its status did', () => {
    expect(see('routes', route('orders'))).toEqual([{ namespace: 'shop', expectsRelays: true }])
    expect(see('routes', route('orders', { status: {} }))).toEqual([
      { namespace: 'shop', expectsRelays: false },
    ])
  })

  it('leaves no figures behind when it ends, of namespaces either in which there is nothing left to do', async () => {
    see('namespaces', namespace())
    await reconciler.reconcile('shop')
    expect([counts.length, view.relevantNamespaces(), forgotten]).toEqual([1, [], []])
    await reconciler.end()
    expect(forgotten).toEqual(['shop'])
  })
})
