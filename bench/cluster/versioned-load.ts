import { type Answered, type Client, startClient } from '../../test/e2e/support/keep-alive-client.ts'
import { readAnswer, startEcho, versionedRoute } from '../../test/e2e/support/versioned-route.ts'
import { startUpstream } from '../../test/support/upstream.ts'
import type { ClusterBench } from './bench.ts'
import { makeNamespace } from './namespace.ts'
import { apiServerPort, type RunningRelay, startRelay } from './relay.ts'

const clientCount = 8
/** Each client's; together 200 requests a second. */
const everyMs = 40

/** A relay that follows a namespace with one route of three legs, and a load on it. */
export interface VersionedLoad {
  readonly relay: RunningRelay
  /** Makes the route this version. */
  edit(version: number): Promise<void>
  /** 200 requests a second on as many keep-alive connections as there are clients. */
  start(): readonly Client[]
  /** Whether all clients were last answered by this version. */
  isServed(clients: readonly Client[], version: number): boolean
  close(): Promise<void>
}

export const makeVersionedLoad = async (bench: ClusterBench, name: string): Promise<VersionedLoad> => {
  const namespace = await makeNamespace(bench, name)
  const dead = await startUpstream((_received, response) => response.writeHead(500).end())
  const echoes = [await startEcho(), await startEcho()] as const
  const edit = (version: number): Promise<void> =>
    namespace.apply('orders', JSON.parse(versionedRoute(version, { echoes, dead })).spec)
  await edit(0)
  const tokenDir = await namespace.tokenDir()
  const relay = await startRelay(bench, { tokenDir, apiServer: apiServerPort(bench) })
  return {
    relay,
    edit,
    start: () =>
      Array.from({ length: clientCount }, () =>
        startClient({ port: relay.data, path: '/orders', body: '{"order": 1}', everyMs }),
      ),
    isServed: (clients, version) =>
      clients.every(({ answers }) => {
        const last = answers.at(-1)
        return last !== undefined && isWhole(last) && readAnswer(last).version === version
      }),
    close: async () => {
      await relay.stop()
      for (const upstream of [dead, ...echoes]) await upstream.close()
    },
  }
}

const isWhole = ({ status }: Answered): boolean => status >= 200 && status < 300

/** What a load came to, from the callers' side. */
export interface LoadResult {
  readonly requests: number
  /** Without answer, or with one outside 2xx. */
  readonly failed: number
  /** Of two versions. */
  readonly mixed: number
  readonly versions: number
  readonly connections: number
  /** Latencies of requests that needed no retry: a retried one waits for its back-off. */
  readonly latenciesMs: readonly number[]
}

/** Ends the load. */
export const resultOf = async (clients: readonly Client[]): Promise<LoadResult> => {
  await Promise.all(clients.map(client => client.stop()))
  const answers = clients.flatMap(client => client.answers)
  const whole = answers.filter(isWhole)
  const read = whole.map(answer => ({ ...readAnswer(answer), ms: answer.ms }))
  const errors = clients.reduce((count, client) => count + client.errors.length, 0)
  return {
    requests: answers.length + errors,
    failed: errors + answers.length - whole.length,
    mixed: read.filter(({ version }) => version === -1).length,
    versions: new Set(read.map(({ version }) => version)).size,
    connections: answers.filter(({ reused }) => !reused).length,
    latenciesMs: read.filter(({ retried }) => !retried).map(({ ms }) => ms),
  }
}
