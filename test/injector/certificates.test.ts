import { expect, it } from 'vitest'
import { createCertificates } from '../../src/injector/certificates/create-certificates.ts'
import { closing } from '../support/cleanup.ts'
import { FakeCluster } from './support/fake-cluster.ts'
import { silent } from './support/options.ts'
import { certificatesIn, isTrusted, startReplica } from './support/replica.ts'

const open = closing()
const day = 86_400_000
const start2026 = Date.UTC(2026, 0, 1)

const leader = async (client: FakeCluster, wallClock = () => start2026, isLeader = () => true) =>
  open(await startReplica({ client, isLeader, wallClock }))

it('makes an authority and a leaf, and publishes before it serves', async () => {
  const cluster = new FakeCluster()
  const { current, certificates } = await leader(cluster)
  expect(cluster.writes).toEqual(['POST secret', 'PATCH webhooks', 'PUT secret'])
  expect(isTrusted(current().cert, cluster.bundle, start2026)).toBe(true)
  expect(certificates.expiresAt()).toBe(start2026 + 90 * day)
  const [authority] = certificatesIn(cluster.bundle)
  expect(authority!.validToDate.getTime()).toBe(start2026 + 365 * day)
  expect(authority!.ca).toBe(true)
  expect(cluster.secret).toMatchObject({ type: 'kubernetes.io/tls' })
  expect(Object.keys(cluster.secret!.data!).sort()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key'])
})

it('writes nothing more when nothing is due', async () => {
  const cluster = new FakeCluster()
  const { turn } = await leader(cluster)
  const before = cluster.writes.length
  for (let look = 0; look < 5; look++) await turn(60_000)
  expect(cluster.writes).toHaveLength(before)
})

it('serves what the leader made, and writes nothing itself', async () => {
  const cluster = new FakeCluster()
  const follower = await leader(cluster, undefined, () => false)
  expect(follower.served).toEqual([])
  expect(cluster.writes).toEqual([])
  const { current } = await leader(cluster)
  await follower.turn(60_000)
  expect(follower.current()).toEqual(current())
})

it('comes to one certificate when two replicas take themselves for the leader', async () => {
  const cluster = new FakeCluster()
  const both = await Promise.all([leader(cluster), leader(cluster)])
  for (let look = 0; look < 3; look++) for (const { turn } of both) await turn(60_000)
  expect(both[0].current().cert).toBe(both[1].current().cert)
  expect(certificatesIn(cluster.bundle)).toHaveLength(1)
  expect(isTrusted(both[0].current().cert, cluster.bundle, start2026)).toBe(true)
})

it('starts anew after years without anybody to look after it', async () => {
  const cluster = new FakeCluster()
  const first = await leader(cluster)
  await first.close()
  const later = start2026 + 800 * day
  const second = await leader(cluster, () => later)
  expect(isTrusted(second.current().cert, cluster.bundle, later)).toBe(true)
  expect(certificatesIn(cluster.bundle)).toHaveLength(1)
})

it.each<[string, (cluster: FakeCluster) => void]>([
  [
    'a caBundle that another has overwritten',
    cluster => {
      cluster.bundles = [Buffer.from('other').toString('base64'), Buffer.from('other').toString('base64')]
    },
  ],
  [
    'one webhook without a caBundle',
    cluster => {
      cluster.bundles![1] = undefined
    },
  ],
  [
    'a Secret that was deleted',
    cluster => {
      cluster.secret = undefined
    },
  ],
  [
    'a Secret that was spoilt',
    cluster => {
      cluster.secret = { ...cluster.secret!, data: { 'ca.crt': 'AAAA' } }
    },
  ],
])('mends %s without a new certificate', async (_, harm) => {
  const cluster = new FakeCluster()
  const { turn, current, served } = await leader(cluster)
  const { cert } = current()
  harm(cluster)
  await turn(60_000)
  expect(isTrusted(cert, cluster.bundle, start2026)).toBe(true)
  expect(cluster.bundles![0]).toBe(cluster.bundles![1])
  expect(Buffer.from(cluster.secret!.data!['tls.crt']!, 'base64').toString().trim()).toBe(cert.trim())
  expect(served).toHaveLength(1)
})

it('makes a new authority when the Secret it starts with is spoilt', async () => {
  const cluster = new FakeCluster()
  cluster.secret = {
    metadata: { resourceVersion: '0' },
    data: { 'ca.crt': 'AAAA', 'tls.crt': '', 'tls.key': '' },
  }
  const { current } = await leader(cluster)
  expect(isTrusted(current().cert, cluster.bundle, start2026)).toBe(true)
})

it('serves on while the API server is away, and catches up after', async () => {
  const cluster = new FakeCluster()
  let now = start2026
  const { turn, served, current } = await leader(cluster, () => now)
  now += 61 * day
  cluster.down = true
  await turn(60_000)
  expect(served).toHaveLength(1)
  cluster.down = false
  await turn(60_000)
  expect(served).toHaveLength(2)
  expect(isTrusted(current().cert, cluster.bundle, now)).toBe(true)
})

it('serves without a webhook configuration, and publishes once there is one', async () => {
  const cluster = new FakeCluster()
  cluster.bundles = undefined
  const { turn, served, current } = await leader(cluster)
  expect(served).toHaveLength(1)
  cluster.bundles = [undefined]
  await turn(60_000)
  expect(isTrusted(current().cert, cluster.bundle, start2026)).toBe(true)
})

it.each<[string, (string | undefined)[]]>([
  ['is deleted and made anew', [undefined, undefined]],
  ['has lost one of its caBundles', [undefined]],
])('publishes within seconds when the webhook configuration %s', async (_, bundles) => {
  const cluster = new FakeCluster()
  const { turn } = await leader(cluster)
  const published = cluster.bundles!
  cluster.bundles = undefined
  await turn(2_000)
  cluster.bundles = [...bundles, ...published].slice(0, 2)
  await turn(2_000)
  expect(cluster.bundles).toEqual(published)
})

it('leaves the webhook configuration to the leader, and looks at nothing else that often', async () => {
  const cluster = new FakeCluster()
  const first = await leader(cluster)
  const follower = await leader(cluster, undefined, () => false)
  const { reads, writes } = cluster
  reads.length = 0
  for (let step = 0; step < 5; step++) await follower.turn(2_000)
  expect(reads).toEqual([])
  const before = writes.length
  for (let step = 0; step < 5; step++) await first.turn(2_000)
  expect(reads).toEqual(Array.from({ length: 5 }, () => 'webhooks'))
  expect(writes).toHaveLength(before)
})

it('publishes nothing by the place of a webhook that has changed places since it was read', async () => {
  const cluster = new FakeCluster()
  const { turn } = await leader(cluster)
  const published = cluster.bundles!
  cluster.bundles = [undefined, undefined]
  cluster.onPatch = () => cluster.names.reverse()
  cluster.writes.length = 0
  await turn(2_000)
  expect(cluster.bundles).toEqual([undefined, undefined])
  cluster.onPatch = () => {}
  await turn(6_000)
  expect(cluster.bundles).toEqual(published)
  expect(cluster.writes).toEqual(['PATCH webhooks'])
})

it('looks within a second of beginning to lead', async () => {
  const cluster = new FakeCluster()
  const first = await leader(cluster)
  let leads = false
  const next = await leader(cluster, undefined, () => leads)
  await first.close()
  const published = cluster.bundles!
  cluster.bundles = [undefined, undefined]
  await next.turn(1_000)
  expect(cluster.bundles).toEqual([undefined, undefined])
  leads = true
  await next.turn(1_000)
  expect(cluster.bundles).toEqual(published)
})

it('waits with the next look when one has failed', async () => {
  const cluster = new FakeCluster()
  const { turn } = await leader(cluster)
  cluster.bundles = [undefined, undefined]
  cluster.readOnly = true
  await turn(2_000)
  cluster.reads.length = 0
  await turn(2_000)
  await turn(2_000)
  expect(cluster.reads).toEqual([])
  cluster.readOnly = false
  await turn(2_000)
  expect(cluster.bundle).not.toBe('')
})

it('makes a new leaf for one whose key is not its own', async () => {
  const cluster = new FakeCluster()
  const { turn, served, current } = await leader(cluster)
  const data = cluster.secret!.data!
  cluster.secret = { ...cluster.secret!, data: { ...data, 'tls.key': data['ca.key']! } }
  await turn(60_000)
  expect(served).toHaveLength(2)
  expect(isTrusted(current().cert, cluster.bundle, start2026)).toBe(true)
})

it('makes a new leaf when the Service has another name', async () => {
  const cluster = new FakeCluster()
  const before = await leader(cluster)
  await before.close()
  const options = { client: cluster, isLeader: () => true, wallClock: () => start2026 }
  const { served } = open(await startReplica({ ...options, serviceName: 'another' }))
  expect(served.map(({ cert }) => isTrusted(cert, cluster.bundle, start2026, 'another.fanout.svc'))).toEqual([
    false,
    true,
  ])
})

it('never waits less than no time, however late it is between two looks at the clock', async () => {
  const waits: number[] = []
  let now = 0
  const stopping = new AbortController()
  const clock = {
    // Whoever reads it finds it later than before.
    now: () => {
      now += 400
      return now
    },
    after: (ms: number, callback: () => void) => {
      waits.push(ms)
      now += ms
      if (waits.length > 50) stopping.abort()
      const timer = setImmediate(callback)
      return () => clearImmediate(timer)
    },
  }
  const certificates = createCertificates({
    client: new FakeCluster(),
    namespace: 'fanout',
    isLeader: () => true,
    logger: silent,
    clock,
    wallClock: () => start2026,
  })
  await certificates.run(() => {}, stopping.signal)
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0)
})
