import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, json } from '../support/ask.ts'
import { type Certificate, makeCertificate } from '../support/certificate.ts'
import { closing } from '../support/cleanup.ts'
import { startRelay } from '../support/relay.ts'

const open = closing()
const ip = [127, 0, 0, 1]
const authority = makeCertificate({ name: 'test authority', isAuthority: true })
const issuer = { name: 'test authority', key: authority.key }

const before = getCACertificates('default')
beforeAll(() => setDefaultCACertificates([...before, authority.cert]))
afterAll(() => setDefaultCACertificates(before))

const startTls = async ({ cert, key }: Certificate) => {
  const server = createServer({ cert, key }, (_request, response) => response.end('secret'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  open({
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  })
  return port
}

const askThrough = async (port: number, more: object = {}) => {
  const upstreams = [{ name: 'a', url: `https://127.0.0.1:${port}` }]
  const relay = open(await startRelay({ r: { upstreams, ...more } }))
  return { relay, answer: await ask(relay) }
}

test('a certificate of a known authority for this address is accepted', async () => {
  const port = await startTls(makeCertificate({ name: 'a', ip, issuer }))
  const { answer } = await askThrough(port)
  expect([answer.status, answer.body.toString()]).toEqual([200, 'secret'])
})

describe('is answered 502 tls_certificate_error and says nothing about the certificate', () => {
  const stranger = makeCertificate({ name: 'stranger', isAuthority: true })
  test.each<[string, Certificate]>([
    ['self-signed', makeCertificate({ name: 'a', ip })],
    [
      'of an unknown authority',
      makeCertificate({ name: 'a', ip, issuer: { name: 'stranger', key: stranger.key } }),
    ],
    ['expired', makeCertificate({ name: 'a', ip, issuer, notAfter: new Date(Date.now() - 60_000) })],
    ['for another name', makeCertificate({ name: 'a', dns: 'other.test', issuer })],
    ['for another address', makeCertificate({ name: 'a', ip: [127, 0, 0, 2], issuer })],
  ])('%s', async (_what, certificate) => {
    const { relay, answer } = await askThrough(await startTls(certificate))
    expect(answer.status).toBe(502)
    expect(json(answer).code).toBe('tls_certificate_error')
    expect(answer.body.toString()).not.toMatch(/certificate (has|is)|other\.test|127\.0\.0|ERR_|CERT_/)
    expect(relay.observer.legs).toMatchObject([{ error: 'tls_certificate_error', status: 0 }])
  })
})

test('a server that does not speak TLS is a TLS failure', async () => {
  const server = createTcpServer(socket => {
    socket.on('error', () => {})
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open({ close: () => server.close() })
  const { answer } = await askThrough((server.address() as AddressInfo).port)
  expect(answer.status).toBe(502)
  expect(json(answer).code).toBe('tls_certificate_error')
})

test('a handshake that hangs ends with the time of the attempt', async () => {
  const sockets = new Set<{ destroy(): void }>()
  const server = createTcpServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.resume()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open({
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  const { port } = server.address() as AddressInfo
  const { answer } = await askThrough(port, { timeouts: { backendRequest: '100ms' } })
  expect([answer.status, json(answer).code]).toEqual([504, 'connection_timeout'])
})
