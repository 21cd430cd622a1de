import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, onTestFinished, test } from 'vitest'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startUpstream, unusedPort } from '../support/upstream.ts'
import { directoryWith } from './support/directories.ts'
import { freePorts, spawnRelay, startRelayProcess } from './support/relay-process.ts'
import { oneUpstream } from './support/routes.ts'

const close = closing()
const routes = () => directoryWith({ 'a.yaml': oneUpstream('a', 'http://127.0.0.1:9') })
const hasIpv6 = Object.values(networkInterfaces()).some(list =>
  list?.some(({ address }) => address === '::1'),
)
if (!hasIpv6) console.warn('SKIPPED: this machine has no ::1')

describe('ports', () => {
  test.skipIf(!hasIpv6)(
    'a port alone keeps the hosts of the default: loopback, but for telemetry',
    async () => {
      const [data, admin, telemetry] = [await unusedPort(), await unusedPort(), await unusedPort()]
      const ports = ['--listen', `${data}`, '--admin', `:${admin}`, '--telemetry', `${telemetry}`]
      const relay = await startRelayProcess(routes(), { ports })
      expect(await relay.line('listening')).toMatchObject({
        data: [`127.0.0.1:${data}`, `[::1]:${data}`],
        admin: [`127.0.0.1:${admin}`, `[::1]:${admin}`],
        telemetry: [`[::]:${telemetry}`],
      })
      for (const host of ['127.0.0.1', '[::1]']) {
        expect((await fetch(`http://${host}:${data}/none`)).status).toBe(404)
        expect((await fetch(`http://${host}:${admin}/api/v1/version`)).status).toBe(200)
        expect((await fetch(`http://${host}:${telemetry}/livez`)).status).toBe(200)
      }
    },
  )

  test.skipIf(!hasIpv6)('[::1] alone is just that', async () => {
    const ports = ['--listen', '[::1]:0', ...freePorts.slice(2)]
    const relay = await startRelayProcess(routes(), { ports })
    expect((await fetch(`http://[::1]:${relay.data}/none`)).status).toBe(404)
    await expect(fetch(`http://127.0.0.1:${relay.data}/none`)).rejects.toThrow()
  })

  test.each(['--listen', '--admin', '--telemetry'])(
    '%s that is taken is named, with what to do',
    async flag => {
      const other = createServer()
      onTestFinished(() => void other.close())
      await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
      const { port } = other.address() as { port: number }
      const ports = freePorts.map((text, i) => (freePorts[i - 1] === flag ? `127.0.0.1:${port}` : text))
      const { exit, output } = spawnRelay(['run', routes(), ...ports])
      expect(await exit).toBe(1)
      const { stderr, stdout } = output()
      expect(stderr).toContain(
        `port 127.0.0.1:${port}\n  why: another process listens there\n  fix: choose another with ${flag}`,
      )
      expect(stdout).toBe('')
    },
  )
})

describe('settings', () => {
  test('come from the environment where no flag says otherwise', async () => {
    const [listen, unwanted] = [await unusedPort(), await unusedPort()]
    const env = {
      FANOUT_LISTEN: `127.0.0.1:${listen}`,
      FANOUT_ADMIN: `127.0.0.1:${unwanted}`,
      FANOUT_TELEMETRY: '127.0.0.1:0',
      FANOUT_ACCESS_LOG: 'all',
      FANOUT_DRAIN_DELAY: '0s',
      FANOUT_MAX_IN_FLIGHT: '1',
    }
    const relay = await startRelayProcess(routes(), { ports: ['--admin', '127.0.0.1:0'], env })
    expect(relay.data).toBe(listen)
    expect(relay.admin).not.toBe(unwanted)
    const { settings } = (await relay.api('/api/v1/config')) as { settings: Record<string, string> }
    expect(settings).toMatchObject({
      listen: env.FANOUT_LISTEN,
      admin: '127.0.0.1:0',
      'access-log': 'all',
      'drain-delay': '0s',
      'max-in-flight': '1',
      'shutdown-timeout': '25s',
    })
    await relay.ask({ path: '/a' })
    expect(await relay.line('request')).toMatchObject({ route: 'default/a', status: 502 })
    relay.child.kill('SIGINT')
    expect(await relay.exit).toBe(0)
  })

  test('that are misspelt in the environment are pointed out', async () => {
    const { exit, output } = spawnRelay(['version'], { env: { FANOUT_LISTN: '1' } })
    expect(await exit).toBe(0)
    expect(output().stderr).toMatch(/FANOUT_LISTN.*FANOUT_LISTEN/s)
  })
})

test('an access line has the ids under which callers and traces know the request', async () => {
  const upstream = close(await startUpstream())
  const directory = directoryWith({ 'a.yaml': oneUpstream('a', upstream.url) })
  const relay = await startRelayProcess(directory, { args: ['--access-log', 'all'] })
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`
  const answer = await relay.ask({ path: '/a/1?secret=2', headers: { traceparent } })
  expect(await relay.line('request')).toMatchObject({
    level: 'info',
    route: 'default/a',
    method: 'GET',
    path: '/a/1',
    status: 200,
    outcome: 'success',
    requestId: answer.header('x-request-id'),
    trace_id: trace,
    legs: [{ name: 'only', outcome: 'success', status: 200, attempts: 1 }],
  })
})

test('a request that was refused has an access line as well', async () => {
  const upstream = close(await startUpstream())
  const directory = directoryWith({
    'a.yaml': oneUpstream('a', upstream.url, { limits: { maxBodySize: '10' } }),
    'b.yaml': oneUpstream('b', upstream.url, { response: { success: 'Quorum' } }),
  })
  const relay = await startRelayProcess(directory)
  const asked = [
    await relay.ask({ path: '/none' }),
    await relay.ask({ path: '/a', headers: { connection: 'host' } }),
    await relay.ask({ method: 'POST', path: '/a', body: 'more than ten bytes' }),
    await relay.ask({ path: '/b' }),
  ]
  expect(asked.map(({ status }) => status)).toEqual([404, 400, 413, 503])
  await eventually(() => {
    const lines = relay.log().filter(({ msg }) => msg === 'request')
    expect(lines).toMatchObject([
      { status: 404, outcome: 'unmatched', route: '', path: '/none' },
      { status: 400, outcome: 'rejected', route: '', level: 'info' },
      { status: 413, outcome: 'rejected', route: 'default/a', method: 'POST', level: 'warn' },
      { status: 503, outcome: 'rejected', route: 'default/b' },
    ])
    expect(lines.map(line => line['requestId'])).toEqual(asked.map(({ header }) => header('x-request-id')))
  })
})
