import { rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ask } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { gate } from '../support/gate.ts'
import { RawClient } from '../support/raw-client.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { directoryWith } from './support/directories.ts'
import { freePorts, type RelayProcess, spawnRelay, startRelayProcess } from './support/relay-process.ts'
import { oneUpstream, routeYaml } from './support/routes.ts'

const close = closing()

/** An upstream that answers once the gate is open, and at once below `/quick`. */
const gatedUpstream = async () => {
  const held = gate()
  const cut: string[] = []
  const upstream = close(
    await startUpstream(({ url }, response) => {
      response.on('close', () => response.writableFinished || cut.push(url))
      if (url.startsWith('/quick')) response.end('quick')
      else void held.passed.then(() => response.end('done'))
    }),
  )
  return { upstream, held, cut }
}

const start = (upstream: Upstream, ...args: readonly string[]): Promise<RelayProcess> =>
  startRelayProcess(directoryWith(filesFor(upstream)), { args })

const filesFor = (upstream: Upstream) => ({
  'slow.yaml': oneUpstream('slow', upstream.url),
  'quick.yaml': oneUpstream('quick', upstream.url),
  'copied.yaml': routeYaml('copied', {
    matches: [{ path: { value: '/copied' } }],
    upstreams: [
      { name: 'primary', url: `${upstream.url}/quick` },
      { name: 'copy', url: `${upstream.url}/copy`, role: 'Shadow' },
    ],
  }),
})

const readyz = async ({ telemetry }: RelayProcess): Promise<number> =>
  (await ask({ port: telemetry }, { path: '/readyz' })).status

describe('told to stop', () => {
  test('serves on for the drain delay, finishes all it has, and ends with 0', async () => {
    const { upstream, held } = await gatedUpstream()
    const relay = await start(upstream, '--drain-delay', '10s')
    const inFlight = Array.from({ length: 100 }, () =>
      relay.ask({ method: 'POST', path: '/slow', body: '{}' }),
    )
    const keptAlive = await RawClient.connect(relay.data)
    await eventually(() => expect(upstream.received).toHaveLength(100))
    expect(await readyz(relay)).toBe(200)

    relay.child.kill('SIGTERM')
    await relay.line('stopping')
    expect(await readyz(relay)).toBe(503)
    expect(await relay.line('draining')).toMatchObject({ busy: 100 })
    const late = await relay.ask({ path: '/quick' })
    expect([late.status, late.body.toString(), late.header('connection')]).toEqual([200, 'quick', 'close'])
    // So does a connection from before.
    keptAlive.send('GET /quick HTTP/1.1\r\nHost: a\r\n\r\n')
    expect((await keptAlive.response()).header('connection')).toBe('close')
    await keptAlive.untilClosed()

    // Only after the delay nobody is taken any more; those in flight still wait.
    await eventually(() => expect(RawClient.connect(relay.data)).rejects.toThrow('ECONNREFUSED'))
    held.open()
    for (const { status, body, header } of await Promise.all(inFlight))
      expect([status, body.toString(), header('connection')]).toEqual([200, 'done', 'close'])
    expect(await relay.exit).toBe(0)
    expect(relay.log().at(-1)).toMatchObject({ msg: 'stopped', clean: true })
  })

  test('cuts what does not end in time, says how many, and ends with 1', async () => {
    const { upstream, cut } = await gatedUpstream()
    const relay = await start(upstream, '--drain-delay', '0s', '--shutdown-timeout', '1s')
    const inFlight = Array.from({ length: 7 }, () => relay.ask({ method: 'POST', path: '/slow', body: '{}' }))
    await eventually(() => expect(upstream.received).toHaveLength(7))
    relay.child.kill('SIGTERM')
    expect(await relay.exit).toBe(1)
    expect(await relay.line('gave up on requests that did not end in time')).toMatchObject({ aborted: 7 })
    for (const { status, complete } of await Promise.all(inFlight))
      expect([status, complete]).toEqual([0, false])
    await eventually(() => expect(cut).toHaveLength(7))
    const log = relay.log()
    const lines = log.filter(({ msg }) => msg === 'request')
    expect(lines).toHaveLength(7)
    for (const line of lines) expect(line).toMatchObject({ route: 'default/slow', status: 0 })
    expect(log.at(-1)).toMatchObject({ msg: 'stopped', clean: false })
  })

  test('counts the drain delay in the time it has', async () => {
    const { upstream } = await gatedUpstream()
    const relay = await start(upstream, '--drain-delay', '5s', '--shutdown-timeout', '5s')
    const request = relay.ask({ path: '/slow' })
    await eventually(() => expect(upstream.received).toHaveLength(1))
    const before = performance.now()
    relay.child.kill('SIGTERM')
    expect(await relay.exit).toBe(1)
    expect(performance.now() - before).toBeLessThan(9_500)
    expect((await request).complete).toBe(false)
  })

  test('waits for no drain delay when it never was ready', async () => {
    const relay = spawnRelay([
      'run',
      directoryWith({ 'bad.yaml': 'a: [' }),
      ...freePorts,
      '--drain-delay',
      '20s',
    ])
    await relay.line('no route could be loaded')
    const before = performance.now()
    relay.child.kill('SIGTERM')
    expect(await relay.exit).toBe(0)
    expect(performance.now() - before).toBeLessThan(15_000)
  })

  test('finishes what began on routes that a reload has replaced since', async () => {
    const { upstream, held } = await gatedUpstream()
    const directory = directoryWith(filesFor(upstream))
    const relay = await startRelayProcess(directory, { args: ['--drain-delay', '0s'] })
    const inFlight = Array.from({ length: 3 }, () => relay.ask({ path: '/slow' }))
    await eventually(() => expect(upstream.received).toHaveLength(3))
    rmSync(path.join(directory, 'slow.yaml'))
    await eventually(() => expect(relay.log().filter(({ msg }) => msg === 'routes loaded')).toHaveLength(2))
    relay.child.kill('SIGTERM')
    expect(await relay.line('draining')).toMatchObject({ busy: 3 })
    held.open()
    for (const { body } of await Promise.all(inFlight)) expect(body.toString()).toBe('done')
    expect(await relay.exit).toBe(0)
  })

  test('lets a copy finish whose caller has long been answered', async () => {
    const { upstream, held, cut } = await gatedUpstream()
    const relay = await start(upstream, '--drain-delay', '0s')
    expect((await relay.ask({ path: '/copied' })).body.toString()).toBe('quick')
    await eventually(() => expect(upstream.received).toHaveLength(2))
    relay.child.kill('SIGTERM')
    expect(await relay.line('draining')).toMatchObject({ busy: 1 })
    held.open()
    expect(await relay.exit).toBe(0)
    expect(cut).toEqual([])
  })

  test('gives a copy that hangs 5 s, cuts it, says so, and ends with 0: every caller was answered', async () => {
    const { upstream, cut } = await gatedUpstream()
    const relay = await start(upstream, '--drain-delay', '0s', '--access-log', 'all')
    expect((await relay.ask({ path: '/copied' })).status).toBe(200)
    await eventually(() => expect(upstream.received).toHaveLength(2))
    const before = performance.now()
    relay.child.kill('SIGTERM')
    expect(await relay.exit).toBe(0)
    const took = performance.now() - before
    expect(took).toBeGreaterThan(4_500)
    expect(took).toBeLessThan(20_000)
    expect(await relay.line('cut off copies that did not end in time')).toMatchObject({ copies: 1 })
    await eventually(() => expect(cut).toEqual(['/copy']))
    expect(await relay.line('late leg')).toMatchObject({
      leg: {
        name: 'copy',
        outcome: 'cancelled',
        error: 'client_cancelled',
        detail: expect.stringContaining('shut down'),
      },
    })
    expect(relay.log().at(-1)).toMatchObject({ msg: 'stopped', clean: true })
  })

  test('gives a copy that hangs no more than what is left of the time', async () => {
    const { upstream, cut } = await gatedUpstream()
    const relay = await start(upstream, '--drain-delay', '0s', '--shutdown-timeout', '200ms')
    await relay.ask({ path: '/copied' })
    await eventually(() => expect(upstream.received).toHaveLength(2))
    const before = performance.now()
    relay.child.kill('SIGTERM')
    expect(await relay.exit).toBe(0)
    expect(performance.now() - before).toBeLessThan(4_500)
    expect(await relay.line('cut off copies that did not end in time')).toMatchObject({ copies: 1 })
    await eventually(() => expect(cut).toEqual(['/copy']))
  })

  test('lets a leg finish whose caller has left, so that no fan-out stays half applied', async () => {
    const { upstream, cut } = await gatedUpstream()
    const relay = await start(upstream, '--drain-delay', '0s', '--shutdown-timeout', '1s')
    const caller = await RawClient.connect(relay.data)
    caller.send('POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}')
    await eventually(() => expect(upstream.received).toHaveLength(1))
    caller.close()
    await relay.line('request')
    relay.child.kill('SIGTERM')
    expect(await relay.exit).toBe(1)
    const line = await relay.line('gave up on requests that did not end in time')
    expect(line).toMatchObject({ aborted: 0, legs: 1, copies: 0 })
    await eventually(() => expect(cut).toEqual(['/slow']))
  })

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('a second time, by %s, it ends at once with %i', async (second, code) => {
    const { upstream } = await gatedUpstream()
    const relay = await start(upstream, '--drain-delay', '1h', '--shutdown-timeout', '1h')
    const request = relay.ask({ path: '/slow' })
    await eventually(() => expect(upstream.received).toHaveLength(1))
    relay.child.kill('SIGTERM')
    await relay.line('stopping')
    relay.child.kill(second)
    expect(await relay.exit).toBe(code)
    expect((await request).complete).toBe(false)
    expect(relay.log().at(-1)).toMatchObject({ signal: second, aborted: 1 })
  })
})
