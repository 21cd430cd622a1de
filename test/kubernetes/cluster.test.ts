import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ApiRequest } from '../../src/kubernetes/api-client.ts'
import { ApiError } from '../../src/kubernetes/api-error.ts'
import { type ClusterOptions, loadCluster } from '../../src/kubernetes/cluster.ts'
import { startFullBacklog } from '../faults/support/full-backlog.ts'
import { type Certificate, makeCertificate } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { unusedPort } from '../support/upstream.ts'
import { startFreezingProxy } from './support/freezing-proxy.ts'
import { makeTokenDir } from './support/harness.ts'
import { type ScriptedServer, startScriptedServer } from './support/scripted-server.ts'

const authority = makeCertificate({ name: 'authority', isAuthority: true })
const signedBy = (ca: Certificate, name: string): Certificate =>
  makeCertificate({ name: 'server', issuer: { name, key: ca.key }, ip: [127, 0, 0, 1] })

const listPath = '/apis/fanoutrelay.dev/v1alpha1/namespaces/shop/fanoutroutes'
const listRequest: ApiRequest = { path: listPath }

const start = async (tls?: Certificate): Promise<ScriptedServer> => {
  const server = await startScriptedServer(tls && { tls })
  onTestFinished(() => server.close())
  return server
}

const load = async (options: ClusterOptions) => {
  const clock = new FakeClock()
  const client = await loadCluster({ clock, ...options })
  onTestFinished(() => client.close())
  return { clock, client }
}

const reasonOf = async (sent: Promise<unknown>): Promise<string> => {
  const error = await sent.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof ApiError ? error.reason : `no ApiError: ${error}`
}

const tokensOf = (server: ScriptedServer): string[] => server.requests.map(({ token }) => token)

describe('a token directory', () => {
  test('is read again after 60 s', async () => {
    const server = await start()
    const tokenDir = makeTokenDir({ token: 'first\n', namespace: 'shop' })
    const { client, clock } = await load({ tokenDir, server: server.url })
    expect(client.namespace).toBe('shop')
    await client.request(listRequest)
    writeFileSync(join(tokenDir, 'token'), 'second')
    clock.advance(59_999)
    await client.request(listRequest)
    clock.advance(1)
    await client.request(listRequest)
    expect(tokensOf(server)).toEqual(['first', 'first', 'second'])
  })

  test('is read again at once when the server refuses the token, and the request is sent once more', async () => {
    const server = await start()
    const tokenDir = makeTokenDir({ token: 'first', namespace: 'shop' })
    const { client } = await load({ tokenDir, server: server.url })
    await client.request(listRequest)
    writeFileSync(join(tokenDir, 'token'), 'second')
    server.token = 'second'
    await client.request(listRequest)
    expect(tokensOf(server)).toEqual(['first', 'first', 'second'])
    server.token = 'third'
    expect(await reasonOf(client.request(listRequest))).toBe('unauthorized')
    expect(server.requests).toHaveLength(5)
  })

  test('that is gone leaves the last token in use; without any, the error names it', async () => {
    const server = await start()
    const tokenDir = makeTokenDir({ token: 'first', namespace: 'shop' })
    const { client, clock } = await load({ tokenDir, server: server.url })
    await client.request(listRequest)
    rmSync(join(tokenDir, 'token'))
    clock.advance(60_000)
    await client.request(listRequest)
    expect(tokensOf(server)).toEqual(['first', 'first'])
    const { client: other } = await load({ tokenDir, server: server.url })
    await expect(other.request(listRequest)).rejects.toThrow(`no token of a ServiceAccount in ${tokenDir}`)
  })

  test('without a namespace is refused', async () => {
    const tokenDir = makeTokenDir({ token: 'first' })
    await expect(load({ tokenDir, server: 'https://127.0.0.1' })).rejects.toThrow('namespace is missing')
  })
})

describe('connections', () => {
  test('are kept for one CA, whatever object holds its bytes', async () => {
    const server = await start(signedBy(authority, 'authority'))
    const tokenDir = makeTokenDir({ token: 'first', namespace: 'shop', 'ca.crt': authority.cert })
    const { client, clock } = await load({ tokenDir, server: server.url })
    for (let round = 0; round < 5; round++) {
      await client.request(listRequest)
      clock.advance(60_000)
    }
    expect(server.connections).toBe(1)
  })

  test('are refused under another CA, and made once the CA is the right one', async () => {
    const server = await start(signedBy(authority, 'authority'))
    const other = makeCertificate({ name: 'authority', isAuthority: true })
    const tokenDir = makeTokenDir({ token: 'first', namespace: 'shop', 'ca.crt': other.cert })
    const { client } = await load({ tokenDir, server: server.url })
    expect(await reasonOf(client.request(listRequest))).toBe('tls')
    writeFileSync(join(tokenDir, 'ca.crt'), authority.cert)
    await client.request(listRequest)
    expect(tokensOf(server)).toEqual(['first'])
  })

  test('are all given up when one of them went silent', async () => {
    const server = await start()
    const proxy = await startFreezingProxy(server.port)
    onTestFinished(() => proxy.close())
    const tokenDir = makeTokenDir({ token: 'first', namespace: 'shop' })
    const { client, clock } = await load({ tokenDir, server: `http://127.0.0.1:${proxy.port}` })
    await Promise.all([client.request(listRequest), client.request(listRequest)])
    expect(proxy.connections()).toBe(2)
    proxy.freeze()
    const silent = reasonOf(client.request(listRequest))
    await eventually(() => expect(clock.armed).toBe(1))
    clock.advance(15_000)
    expect(await silent).toBe('timeout')
    await client.request(listRequest)
    expect(proxy.connections()).toBe(3)
  })

  test('that are just being made end with the client', async () => {
    const port = await unusedPort()
    const backlog = await startFullBacklog('127.0.0.1', port)
    onTestFinished(async () => void (await backlog.close()))
    const made: Socket[] = []
    const note = (message: unknown): void => void made.push((message as { readonly socket: Socket }).socket)
    subscribe('net.client.socket', note)
    onTestFinished(() => void unsubscribe('net.client.socket', note))
    const tokenDir = makeTokenDir({ token: 'first', namespace: 'shop' })
    const { client } = await load({ tokenDir, server: `http://127.0.0.1:${port}` })
    const sent = reasonOf(client.request(listRequest))
    await eventually(() => expect(made.map(({ connecting }) => connecting)).toEqual([true]))
    await client.close()
    expect(await sent).toBe('connection')
    expect(made.map(({ destroyed }) => destroyed)).toEqual([true])
  })

  test('never carry a token in the clear to another machine', async () => {
    const tokenDir = makeTokenDir({ token: 'first', namespace: 'shop' })
    await expect(load({ tokenDir, server: 'http://10.96.0.1' })).rejects.toThrow('https:// address')
  })
})

describe('an answer', () => {
  test('that is an error carries status, message and Retry-After', async () => {
    const server = await start()
    const { client } = await load({
      tokenDir: makeTokenDir({ token: 't', namespace: 'shop' }),
      server: server.url,
    })
    server.fail('list', 429, { 'retry-after': '7' })
    await expect(client.request(listRequest)).rejects.toMatchObject({
      reason: 'throttled',
      status: 429,
      retryAfterMs: 7_000,
      message: 'status 429: scripted 429',
    })
  })

  test('larger than allowed is given up', async () => {
    const server = await start()
    server.put('large', { text: 'x'.repeat(10_000) })
    const { client } = await load({
      tokenDir: makeTokenDir({ token: 't', namespace: 'shop' }),
      server: server.url,
    })
    expect(await reasonOf(client.request({ ...listRequest, maxBytes: 5_000 }))).toBe('invalid')
  })

  test('is not waited for once the signal aborts', async () => {
    const server = await start()
    const { client } = await load({
      tokenDir: makeTokenDir({ token: 't', namespace: 'shop' }),
      server: server.url,
    })
    const stopping = new AbortController()
    server.script('list', () => stopping.abort())
    expect(await reasonOf(client.request({ ...listRequest, signal: stopping.signal }))).toBe('aborted')
  })
})

describe('a kubeconfig', () => {
  const write = (server: ScriptedServer, user: object, files: Record<string, string> = {}): string => {
    const directory = makeTokenDir(files)
    const path = join(directory, 'config')
    const config = {
      'current-context': 'one',
      clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority': 'ca.crt' } }],
      users: [{ name: 'u', user }],
      contexts: [
        { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'shop' } },
        { name: 'two', context: { cluster: 'c', user: 'u' } },
      ],
    }
    writeFileSync(path, JSON.stringify(config))
    writeFileSync(join(directory, 'ca.crt'), authority.cert)
    return path
  }

  test('gives server, CA, token and namespace of a context', async () => {
    const server = await start(signedBy(authority, 'authority'))
    const kubeconfig = write(server, { token: 'abc' })
    const { client } = await load({ kubeconfig })
    expect(client.namespace).toBe('shop')
    await client.request(listRequest)
    const { client: two } = await load({ kubeconfig, context: 'two' })
    expect(two.namespace).toBe('default')
    expect((await load({ kubeconfig, namespace: 'mine' })).client.namespace).toBe('mine')
    expect(tokensOf(server)).toEqual(['abc'])
  })

  test('may name a file with the token, which is read again when it is refused', async () => {
    const server = await start(signedBy(authority, 'authority'))
    const kubeconfig = write(server, { tokenFile: 'token' }, { token: 'first' })
    const { client } = await load({ kubeconfig })
    await client.request(listRequest)
    writeFileSync(join(kubeconfig, '../token'), 'second')
    server.token = 'second'
    await client.request(listRequest)
    expect(tokensOf(server)).toEqual(['first', 'first', 'second'])
  })

  test('that cannot be used is refused with the reason', async () => {
    const server = await start()
    const kubeconfig = write(server, { token: 'abc' })
    await expect(load({ kubeconfig, context: 'three' })).rejects.toThrow('no context three; it has one, two')
    await expect(load({ kubeconfig: join(kubeconfig, '../none') })).rejects.toThrow('cannot be used: ENOENT')
  })
})
