import { once } from 'node:events'
import { request } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { writeHeld } from '../../src/injector/certificates/held.ts'
import { makeAuthority, makeLeaf } from '../../src/injector/certificates/make-certificates.ts'
import { type ApiServer, startApiServer } from '../controller/support/api-server.ts'
import { barePod, namespace, paths, route, service } from '../controller/support/objects.ts'
import { eventually } from '../support/eventually.ts'
import { installation, startController } from './support/controller-process.ts'

const secretPath = `/api/v1/namespaces/${installation}/secrets/fanout-relay-webhook-certificate`
const webhookHost = `fanout-relay-injector.${installation}.svc`
const withInjector = '--relay-image=relay:1'

/** A port that somebody else listens on until `free`. */
const takePort = async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const free = async () => {
    if (server.listening) await new Promise(resolve => server.close(resolve))
  }
  onTestFinished(free)
  const { port } = server.address() as AddressInfo
  return { port, free }
}

/** Calls the webhook as the API server does; resolves with what it says of the connection. */
const callWebhook = async (server: ApiServer, port: number) => {
  const { data } = server.get(secretPath) as unknown as { readonly data: Readonly<Record<string, string>> }
  const outgoing = request({
    host: '127.0.0.1',
    port,
    servername: webhookHost,
    ca: Buffer.from(data['ca.crt']!, 'base64'),
    path: '/mutate',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    agent: false,
  })
  outgoing.setHeader('connection', 'keep-alive')
  outgoing.end(
    JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: '1',
        kind: { group: '', version: 'v1', kind: 'Pod' },
        operation: 'CREATE',
        namespace: 'shop',
        object: { ...barePod, metadata: { name: 'a' } },
      },
    }),
  )
  const [response] = await once(outgoing, 'response')
  response.resume()
  return { status: response.statusCode, connection: response.headers.connection }
}

describe('the controller', { timeout: 120_000 }, () => {
  it('is not ready until it has a certificate for its webhook, and tells when that ends', async () => {
    const server = await startApiServer()
    const release = server.hold(secretPath)
    const { health, metric, logged } = startController(server, [withInjector])
    await logged('leading')
    expect(await health('/readyz?verbose')).toEqual({
      status: 503,
      text: expect.stringContaining('waiting for a certificate of the webhook'),
    })
    expect((await health('/livez')).status).toBe(200)
    const expiry = 'fanout_injector_certificate_expiry_timestamp_seconds'
    expect(await metric(expiry)).toBeUndefined()
    release()
    await eventually(async () => expect((await health('/readyz')).status).toBe(200))
    expect(await metric(expiry)).toBeGreaterThan(Date.now() / 1000)
  })

  it('is not ready once it was told to stop, and goes on answering on connections that end', async () => {
    const server = await startApiServer()
    const { child, health, logged } = startController(server, [withInjector, '--drain-delay=10m'])
    const { webhook } = await logged('injecting')
    expect(await callWebhook(server, webhook!)).toEqual({ status: 200, connection: 'keep-alive' })
    child.kill('SIGTERM')
    await logged('stopping')
    expect(await health('/readyz?verbose')).toEqual({
      status: 503,
      text: expect.stringContaining('stopping'),
    })
    expect(await callWebhook(server, webhook!)).toEqual({ status: 200, connection: 'close' })
  })

  it('gives the lease back at once, and ends with 0 after the drain delay', async () => {
    const server = await startApiServer()
    const { child, exit, logged } = startController(server, [withInjector, '--drain-delay=1s'])
    await logged('injecting')
    const toldAt = performance.now()
    child.kill('SIGTERM')
    expect(await exit).toBe(0)
    expect(performance.now() - toldAt).toBeGreaterThan(990)
    const lease = '/apis/coordination.k8s.io/v1/namespaces/fanout/leases/fanout-relay-controller'
    expect(server.get(lease)).toMatchObject({ spec: { holderIdentity: '' } })
  })

  it('says that the port of the webhook is taken, and opens it once it is free', async () => {
    const server = await startApiServer()
    const { port, free } = await takePort()
    const { health, logged } = startController(server, [withInjector, `--webhook=127.0.0.1:${port}`])
    expect(await logged('the webhook port cannot be opened; trying again')).toMatchObject({
      level: 'error',
      flag: '--webhook',
      err: { code: 'EADDRINUSE' },
    })
    expect((await health('/readyz')).status).toBe(503)
    await free()
    expect(await logged('injecting')).toMatchObject({ webhook: port })
    expect((await health('/readyz')).status).toBe(200)
  })

  it('ends with 1 when another of its ports is taken, though the webhook can be opened', async () => {
    const server = await startApiServer()
    const notAfter = Date.now() + 300 * 86_400_000
    const authority = await makeAuthority({ now: Date.now(), notAfter })
    const dnsNames = [webhookHost, `${webhookHost}.cluster.local`]
    const leaf = await makeLeaf(authority, { now: Date.now(), notAfter, dnsNames })
    server.put(secretPath, { data: writeHeld({ authority, retired: [], leaf }) })
    const { port } = await takePort()
    const { exit, stderr } = startController(server, [withInjector, `--health=127.0.0.1:${port}`])
    expect(await exit).toBe(1)
    expect(await stderr).toContain(
      `cannot open the health port 127.0.0.1:${port}\n  why: another process listens there`,
    )
  })

  it('looks at everything again as often as --resync says', async () => {
    const server = await startApiServer()
    server.put(paths.namespace(), {})
    server.put(paths.service('inventory'), service)
    server.put(paths.route('orders'), route())
    const { metric } = startController(server, ['--resync=100ms'])
    const looks = 'fanout_controller_reconcile_total{result="success"}'
    await eventually(async () => expect(await metric(looks)).toBeGreaterThan(10))
    expect(server.statuses).toHaveLength(1)
  })

  it('misses no relays in its own namespace', async () => {
    const server = await startApiServer()
    for (const name of [installation, 'shop']) {
      server.put(paths.namespace(name), namespace)
      server.put(paths.pod('app', name), barePod)
    }
    const { metric } = startController(server)
    const missing = (of: string) => metric(`fanout_uninjected_pods{namespace="${of}"}`)
    await eventually(async () => expect([await missing('shop'), await missing(installation)]).toEqual([1, 0]))
  })

  it('outlives defects that reach the top, and ends at once where no webhook has to be drained', async () => {
    const server = await startApiServer()
    const defects = 'Promise.reject(new Error("one")); setImmediate(() => { throw new Error("another") })'
    const code = `process.on('SIGUSR2', () => { ${defects} })`
    const preload = `--import=data:text/javascript,${encodeURIComponent(code)}`
    const { child, exit, health, logged } = startController(server, ['--drain-delay=10m'], [preload])
    await logged('leading')
    child.kill('SIGUSR2')
    expect(await logged('unhandled rejection')).toMatchObject({ level: 'error', err: { message: 'one' } })
    expect(await logged('uncaught exception')).toMatchObject({ level: 'error', err: { message: 'another' } })
    expect(await health('/readyz')).toMatchObject({ status: 200 })
    child.kill('SIGTERM')
    expect(await exit).toBe(0)
  })
})
