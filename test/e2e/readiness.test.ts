import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ask } from '../support/ask.ts'
import { eventually } from '../support/eventually.ts'
import { directoryWith } from './support/directories.ts'
import { freePorts, type Launched, spawnRelay } from './support/relay-process.ts'
import { oneUpstream, routeYaml } from './support/routes.ts'

const valid = (name = 'good') => oneUpstream(name, 'http://127.0.0.1:9')
const invalid = (name = 'bad') => routeYaml(name, { upstreams: [{ name: 'nowhere' }] })

/** A relay with these files, once it has read them, and what its probes and counters say. */
const start = async (files: Readonly<Record<string, string>>, message: string) => {
  const directory = directoryWith(files)
  const relay: Launched = spawnRelay(['run', directory, ...freePorts, '--drain-delay', '0s'])
  const [data, telemetry] = [await portOf(relay, 'data'), await portOf(relay, 'telemetry')]
  await relay.line(message)
  return {
    relay,
    file: (name: string) => path.join(directory, name),
    /** Of the telemetry port with its reason, and of the data port. */
    readiness: async () => {
      const verbose = await ask({ port: telemetry }, { path: '/readyz?verbose' })
      const own = await ask({ port: data }, { path: '/-/fanout/readyz' })
      expect(own.status).toBe(verbose.status)
      return [verbose.status, verbose.body.toString().trim()]
    },
    reloads: async () => {
      const text = (await ask({ port: telemetry }, { path: '/metrics' })).body.toString()
      const found = text.matchAll(/^fanout_config_reloads_total\{result="(\w+)"\} ([1-9]\d*)$/gm)
      return Object.fromEntries([...found].map(([, result, count]) => [result, Number(count)]))
    },
  }
}

const portOf = async (relay: Launched, purpose: string): Promise<number> =>
  Number(((await relay.line('listening'))[purpose] as readonly string[])[0]!.replace(/^.*:/, ''))

const ready = [200, '[+]routes loaded']
const refused = [503, '[-]routes refused: not one is valid; the log says what is wrong']

describe.each([
  ['a file that is no YAML', { 'bad.yaml': 'a: [' }],
  ['an invalid route', { 'bad.yaml': invalid() }],
  ['two invalid routes', { 'bad.yaml': invalid(), 'worse.yaml': invalid('worse') }],
] as const)('a relay that finds nothing but %s', (_what, files) => {
  test('is not ready until a route has loaded, and then whatever comes', async () => {
    const { relay, file, readiness, reloads } = await start(files, 'no route could be loaded')
    expect(await readiness()).toEqual(refused)
    expect(await reloads()).toEqual({ rejected: 1 })

    writeFileSync(file('good.yaml'), valid())
    await eventually(async () => expect(await readiness()).toEqual(ready))
    expect(await reloads()).toEqual({ rejected: 1, partial: 1 })

    // The valid one is gone: nothing is served any more, but it is no start.
    rmSync(file('good.yaml'))
    await eventually(async () => expect(await reloads()).toEqual({ rejected: 2, partial: 1 }))
    expect(await readiness()).toEqual(ready)
    relay.child.kill('SIGINT')
    expect(await relay.exit).toBe(0)
  })
})

test('a relay that finds a valid route beside an invalid one is ready', async () => {
  const { relay, readiness, reloads } = await start(
    { 'a.yaml': valid(), 'b.yaml': invalid() },
    'routes loaded',
  )
  expect([await readiness(), await reloads()]).toEqual([ready, { partial: 1 }])
  relay.child.kill('SIGINT')
})

test('a relay that finds no route and nothing wrong is ready, and stays so when a bad one comes', async () => {
  const { relay, file, readiness, reloads } = await start({}, 'routes loaded')
  expect([await readiness(), await reloads()]).toEqual([ready, { success: 1 }])
  writeFileSync(file('bad.yaml'), 'a: [')
  await eventually(async () => expect(await reloads()).toEqual({ success: 1, rejected: 1 }))
  expect(await readiness()).toEqual(ready)
  relay.child.kill('SIGINT')
})
