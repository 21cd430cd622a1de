import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { type Certificate, makeCertificate } from '../../support/certificate.ts'
import type { Faulty } from '../row.ts'
import { wellBody } from './scripted.ts'

const ip = [127, 0, 0, 1]
const authority = makeCertificate({ name: 'authority of the faults', isAuthority: true })
const issuer = { name: 'authority of the faults', key: authority.key }

export const certificates = {
  well: makeCertificate({ name: 'well', ip, issuer }),
  expired: makeCertificate({ name: 'expired', ip, issuer, notAfter: new Date(Date.now() - 60_000) }),
  wrongName: makeCertificate({ name: 'other', dns: 'other.test', issuer }),
  selfSigned: makeCertificate({ name: 'self', ip }),
} as const

/** Makes the process trust the authority; returns what takes it back. */
export const trustAuthority = (): (() => void) => {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, authority.cert])
  return () => setDefaultCACertificates(before)
}

interface TlsFault {
  /** Absent = the handshake never goes on. */
  readonly certificate?: Certificate
  /** The version in which the client hears that it needs one: 1.3 says so after the handshake. */
  readonly asksForClientCertificate?: 'TLSv1.2' | 'TLSv1.3'
}

/** An HTTPS server of which some connections meet the fault and the others a valid certificate. */
export const startTls = async ({ certificate, asksForClientCertificate }: TlsFault): Promise<Faulty> => {
  let requests = 0
  let left = 0
  const sockets = new Set<Socket>()
  const serve = (own: Certificate, asks: TlsFault['asksForClientCertificate']) =>
    createHttps(
      {
        ...own,
        ...(asks && { requestCert: true, rejectUnauthorized: true, ca: [authority.cert], maxVersion: asks }),
      },
      (request, response) => {
        request.resume().on('end', () => {
          response.setHeader('content-type', 'application/json')
          response.end(wellBody)
        })
      },
    ).on('tlsClientError', () => {})
  const well = serve(certificates.well, undefined)
  const bad = certificate && serve(certificate, asksForClientCertificate)
  const server = createServer(socket => {
    requests++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    if (left === 0) well.emit('connection', socket)
    else {
      left--
      if (bad) bad.emit('connection', socket)
      else socket.resume()
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    openSockets: () => sockets.size,
    arm: times => {
      left = times
    },
    heal: () => {
      left = 0
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
