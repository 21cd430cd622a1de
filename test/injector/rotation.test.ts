import { once } from 'node:events'
import { connect } from 'node:tls'
import { expect, it } from 'vitest'
import { createInjector } from '../../src/injector/create-injector.ts'
import { closing } from '../support/cleanup.ts'
import { FakeCluster } from './support/fake-cluster.ts'
import { sidecar, silent } from './support/options.ts'
import { certificatesIn, isTrusted, type Replica, serverName, startReplica } from './support/replica.ts'

const open = closing()
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Leader and follower on one cluster, and API servers that notice a caBundle one turn late. */
const startPair = async (options: Partial<Parameters<typeof startReplica>[0]>, from: number) => {
  const cluster = new FakeCluster()
  let now = from
  const wallClock = () => now
  const leader = open(await startReplica({ client: cluster, isLeader: () => true, wallClock, ...options }))
  const follower = open(await startReplica({ client: cluster, isLeader: () => false, wallClock, ...options }))
  let noticed = cluster.bundle
  const turn = async (ms: number) => {
    noticed = cluster.bundle
    now += ms
    await leader.turn(ms)
    // The follower keeps the old leaf for one turn more.
    const late = follower.current()
    await follower.turn(ms)
    return { now, noticed, leaves: [leader.current(), late, follower.current()] }
  }
  return { cluster, leader, follower, turn }
}

it('keeps every leaf trusted over four years of rotations', async () => {
  const { cluster, leader, turn } = await startPair({}, Date.UTC(2026, 0, 1))
  const authorities = new Set<string>()
  let mostAtOnce = 0
  for (let turns = 0; turns < 4 * 37; turns++) {
    const { now, noticed, leaves } = await turn(10 * day)
    for (const { cert } of leaves) expect(isTrusted(cert, noticed, now)).toBe(true)
    const bundle = certificatesIn(cluster.bundle)
    mostAtOnce = Math.max(mostAtOnce, bundle.length)
    for (const { fingerprint256 } of bundle) authorities.add(fingerprint256)
  }
  expect(leader.served.length).toBeGreaterThan(20)
  expect(authorities.size).toBeGreaterThan(4)
  expect(mostAtOnce).toBe(2)
})

const handshake = async (replica: { readonly port: number }, ca: string): Promise<void> => {
  const socket = connect({
    host: '127.0.0.1',
    port: replica.port,
    servername: serverName,
    ca,
    maxVersion: 'TLSv1.3',
  })
  await once(socket, 'secureConnect')
  socket.destroy()
}

const serve = async ({ served, current }: Replica) => {
  const injector = open(createInjector({ sidecar, logger: silent }))
  injector.useCertificate(current())
  let used = served.length
  return {
    ...(await injector.listen({ host: '127.0.0.1', port: 0 })),
    update: () => {
      for (; used < served.length; used++) injector.useCertificate(served[used]!)
    },
  }
}

it('fails no handshake over 20 rotations', async () => {
  // TLS asks the machine's clock, so everything has to be valid at this moment too.
  const policy = {
    authorityMs: 12.5 * hour,
    leafMs: 6 * hour,
    renewBeforeMs: 6 * hour - 10 * minute,
    settleMs: 5 * minute,
  }
  const pair = await startPair({ policy }, Date.now() - 5 * hour)
  const servers = [await serve(pair.leader), await serve(pair.follower)]
  const [first] = certificatesIn(pair.cluster.bundle)
  let handshakes = 0
  while (pair.leader.served.length <= 20) {
    const { noticed } = await pair.turn(5 * minute)
    for (const server of servers) {
      await handshake(server, noticed)
      server.update()
      await handshake(server, noticed)
      handshakes += 2
    }
  }
  expect(handshakes).toBeGreaterThan(150)
  expect(pair.follower.served.length).toBeGreaterThanOrEqual(20)
  expect(certificatesIn(pair.cluster.bundle)[0]!.fingerprint256).not.toBe(first!.fingerprint256)
})

it('would notice a handshake that fails', async () => {
  const { leader, cluster } = await startPair({}, Date.now())
  const server = await serve(leader)
  const other = await startPair({}, Date.now())
  await handshake(server, cluster.bundle)
  await expect(handshake(server, other.cluster.bundle)).rejects.toThrow()
})
