import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import { makeCertificate } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import { follow, makeTokenDir } from './support/harness.ts'
import { errorLine } from './support/scripted-server.ts'

test('a server that ends a watch and asks for 20 s gets them', async () => {
  const { server, clock, figures, watching } = await follow()
  await watching()
  const endedAt = clock.now()
  server.raw(errorLine(429, 20))
  await eventually(() => {
    clock.advance(100)
    expect(server.count('watch')).toBe(2)
  })
  expect(clock.now() - endedAt).toBeGreaterThanOrEqual(20_000)
  expect(figures.restarts.throttled).toBe(1)
})

test('a line without end is given up for a list, however well it begins', async () => {
  const { server, state, serverState, clock, figures, watching } = await follow()
  await watching()
  server.put('lost', {}, { silent: true })
  server.raw('{"type":"ADDED","object":"')
  server.raw(Buffer.alloc(17 * 1024 * 1024, 'x'))
  await eventually(() => expect(figures.restarts.invalid).toBe(1))
  await eventually(() => {
    clock.advance(0)
    expect(state()).toBe(serverState())
  })
  expect(state()).not.toBe('')
})

test('a server that would rather speak HTTP/2 is spoken to in HTTP/1.1', async () => {
  const authority = makeCertificate({ name: 'authority', isAuthority: true })
  const issuer = { name: 'authority', key: authority.key }
  const tls = makeCertificate({ name: 'server', issuer, ip: [127, 0, 0, 1] })
  const versions: unknown[] = []
  const server = createSecureServer({ ...tls, allowHTTP1: true }, (request, response) => {
    versions.push((request.socket as TLSSocket).alpnProtocol, request.httpVersion)
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = await loadCluster({
    tokenDir: makeTokenDir({ token: 'first', namespace: 'shop', 'ca.crt': authority.cert }),
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
  onTestFinished(async () => {
    await client.close()
    server.close()
  })
  await client.request({ path: '/version' })
  expect(versions).toEqual(['http/1.1', '1.1'])
})
