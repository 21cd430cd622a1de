import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { group, plural, version } from '../../../src/api/names.ts'
import type { ClusterClient } from '../../../src/kubernetes/api-client.ts'
import { loadCluster } from '../../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { Reflector, type ReflectorOptions } from '../../../src/kubernetes/reflector.ts'
import { ReflectorFigures } from '../../../src/kubernetes/reflector-figures.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

/** A directory as a pod's ServiceAccount volume. */
export const makeTokenDir = (files: Readonly<Record<string, string>>): string => {
  const directory = mkdtempSync(join(tmpdir(), 'fanout-token-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  return directory
}

export interface Followed {
  readonly server: ScriptedServer
  readonly client: ClusterClient
  readonly clock: FakeClock
  readonly figures: ReflectorFigures
  readonly reflector: Reflector<KubernetesObject>
  /** What each call of onChange told. */
  readonly changes: (readonly string[])[]
  /** Names and specs, sorted by name. */
  readonly state: () => string
  readonly serverState: () => string
  /** Resolves once a watch is open at both ends: before, the reflector may not have its head yet. */
  watching(): Promise<void>
  stop(): Promise<void>
}

interface Options extends Partial<Omit<ReflectorOptions<KubernetesObject>, 'client' | 'resource'>> {
  readonly server?: ScriptedServer
  /** Instead of the server's own, for a proxy. */
  readonly url?: string
}

/** A reflector that follows a scripted server, on a clock that a test turns. Jitter is half of what it may be. */
export const follow = async ({ server: given, url, ...options }: Options = {}): Promise<Followed> => {
  const server = given ?? (await startScriptedServer())
  const clock = new FakeClock()
  const tokenDir = makeTokenDir({ token: 'first', namespace: server.namespace })
  const client = await loadCluster({ tokenDir, server: url ?? server.url, clock })
  const figures = new ReflectorFigures(clock)
  const changes: string[][] = []
  const reflector = new Reflector<KubernetesObject>({
    client,
    resource: { group, version, plural, namespace: client.namespace },
    onChange: (_objects, changed) => changes.push([...changed]),
    observer: figures,
    spreadMs: 0,
    clock,
    random: () => 0.5,
    ...options,
  })
  const stopping = new AbortController()
  const running = reflector.run(stopping.signal)
  // The spread is no time at all here, but a timer all the same.
  clock.advance(0)
  let isStopped = false
  const stop = async (): Promise<void> => {
    if (isStopped) return
    isStopped = true
    stopping.abort()
    await running
    await client.close()
    await server.close()
  }
  onTestFinished(stop)
  return {
    server,
    client,
    clock,
    figures,
    reflector,
    changes,
    watching: async () => {
      await server.watching()
      await eventually(() => {
        if (!figures.isConnected) throw new Error('the watch is not open')
      })
    },
    stop,
    state: () => stateOf([...reflector.objects.values()] as unknown as readonly StateLike[]),
    serverState: () => stateOf([...server.objects.values()]),
  }
}

interface StateLike {
  readonly metadata: { readonly name: string; readonly resourceVersion: string }
  readonly spec: unknown
}

const stateOf = (objects: readonly StateLike[]): string =>
  objects
    .map(({ metadata, spec }) => `${metadata.name}@${metadata.resourceVersion} ${JSON.stringify(spec)}`)
    .sort()
    .join('\n')
