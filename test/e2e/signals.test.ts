import { describe, expect, test } from 'vitest'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { gate } from '../support/gate.ts'
import { startUpstream } from '../support/upstream.ts'
import { directoryWith } from './support/directories.ts'
import { freePorts, spawnRelay, startRelayProcess } from './support/relay-process.ts'
import { oneUpstream } from './support/routes.ts'

const close = closing()

/** A relay with one request in flight, which its upstream answers once `held` is opened. */
const relayWithRequest = async () => {
  const held = gate()
  const upstream = close(
    await startUpstream((_received, response) => void held.passed.then(() => response.end('done'))),
  )
  const relay = await startRelayProcess(directoryWith({ 'a.yaml': oneUpstream('a', upstream.url) }), {
    args: ['--drain-delay', '0s'],
  })
  const request = relay.ask({ path: '/a' })
  await eventually(() => expect(upstream.received).toHaveLength(1))
  return { held, relay, request }
}

test('SIGHUP stops nothing, and the log says that it is not needed', async () => {
  const { held, relay, request } = await relayWithRequest()
  relay.child.kill('SIGHUP')
  await relay.line('SIGHUP is ignored: edits of routes are followed without it')
  held.open()
  expect((await request).body.toString()).toBe('done')
  relay.child.kill('SIGTERM')
  expect(await relay.exit).toBe(0)
})

test('a signal that comes twice at once, as by way of npm or timeout, is one', async () => {
  const { held, relay, request } = await relayWithRequest()
  // Both are there before the relay looks: it is stopped meanwhile.
  relay.child.kill('SIGSTOP')
  relay.child.kill('SIGTERM')
  relay.child.kill('SIGINT')
  relay.child.kill('SIGCONT')
  await relay.line('draining')
  held.open()
  expect((await request).body.toString()).toBe('done')
  expect(await relay.exit).toBe(0)
})

describe('told to stop while it starts', () => {
  /** Sends the signal when the relay begins to be loaded, after its very first module. */
  const at = (signal: NodeJS.Signals) =>
    `data:text/javascript,${encodeURIComponent(`
      import { registerHooks } from 'node:module'
      registerHooks({
        load(url, context, next) {
          if (url.endsWith('/src/cli/main.ts')) process.kill(process.pid, '${signal}')
          return next(url, context)
        },
      })`)}`

  test.each(['SIGTERM', 'SIGINT'] as const)('by %s it ends cleanly', async signal => {
    const directory = directoryWith({ 'a.yaml': oneUpstream('a', 'http://127.0.0.1:9') })
    const env = { NODE_OPTIONS: `--import=${at(signal)}` }
    const { exit, child, log } = spawnRelay(['run', directory, ...freePorts], { env })
    expect([await exit, child.signalCode]).toEqual([0, null])
    // Told when nothing had been opened yet, or when everything had: Node decides. Then nobody is waited for.
    const told = log().map(({ msg, delayMs }) => (msg === 'draining' ? delayMs : msg))
    if (told.length > 0) expect(told.slice(-3)).toEqual(['stopping', 0, 'stopped'])
  })

  test('SIGHUP does not keep it from starting', async () => {
    const directory = directoryWith({ 'a.yaml': oneUpstream('a', 'http://127.0.0.1:9') })
    const env = { NODE_OPTIONS: `--import=${at('SIGHUP')}` }
    const relay = spawnRelay(['run', directory, ...freePorts], { env })
    await relay.line('routes loaded')
    relay.child.kill('SIGINT')
  })

  test('a verb that serves nothing is ended by the signal as ever', async () => {
    const env = { NODE_OPTIONS: `--import=${at('SIGTERM')}` }
    const { exit, child } = spawnRelay(['version'], { env })
    expect([await exit, child.signalCode]).toEqual([null, 'SIGTERM'])
  })
})
