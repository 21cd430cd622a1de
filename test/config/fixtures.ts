import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { RouteSnapshot } from '../../src/api/snapshot.ts'
import { fileSource } from '../../src/config/file-source.ts'

/** A directory that is gone after the test, with these files in it. */
export const directoryWith = (files: Readonly<Record<string, string>>): string => {
  const directory = mkdtempSync(path.join(tmpdir(), 'fanout-config-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true })
    writeFileSync(path.join(directory, name), text)
  }
  return directory
}

/** A valid route on seven lines. */
export const route = (name: string, url = 'http://127.0.0.1:9001'): string =>
  [
    'apiVersion: fanoutrelay.dev/v1alpha1',
    'kind: FanOutRoute',
    `metadata: {name: ${name}}`,
    'spec:',
    '  upstreams:',
    '    - name: a',
    `      url: ${url}`,
    '',
  ].join('\n')

/** Looks until it is so; fails after the time with what was seen last. */
export const until = async <T>(look: () => T, isSo: (seen: T) => boolean, timeoutMs = 20_000): Promise<T> => {
  const end = performance.now() + timeoutMs
  for (;;) {
    const seen = look()
    if (isSo(seen)) return seen
    if (performance.now() > end) throw new Error(`not so after ${timeoutMs} ms: ${JSON.stringify(seen)}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

export interface Followed {
  readonly snapshots: readonly RouteSnapshot[]
  /** Ids of the routes in the newest snapshot. */
  ids(): readonly string[]
  codes(): readonly string[]
  /** URL of the first upstream of a route in the newest snapshot. */
  urlOf(id: string): string | undefined
  stop(): Promise<void>
}

/** Follows paths until the test ends, and waits for the first snapshot. */
export const follow = async (
  paths: readonly string[],
  options: { readonly pollMs?: number } = {},
): Promise<Followed> => {
  const snapshots: RouteSnapshot[] = []
  const controller = new AbortController()
  const running = fileSource({ paths, ...options }).run(
    snapshot => snapshots.push(snapshot),
    controller.signal,
  )
  const stop = async () => {
    controller.abort()
    await running
  }
  onTestFinished(stop)
  await until(
    () => snapshots.length,
    count => count > 0,
  )
  const last = () => snapshots.at(-1)!
  return {
    snapshots,
    ids: () => last().routes.map(({ id }) => id),
    codes: () => last().problems.map(({ code }) => code),
    urlOf: id => {
      const found = last().routes.find(one => one.id === id)?.object as
        | { spec: { upstreams: { url: string }[] } }
        | undefined
      return found?.spec.upstreams[0]?.url
    },
    stop,
  }
}
