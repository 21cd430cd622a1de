import { X509Certificate } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import {
  type Certificates,
  type CertificatesOptions,
  createCertificates,
} from '../../../src/injector/certificates/create-certificates.ts'
import type { ServedCertificate } from '../../../src/injector/injector-options.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { silent } from './options.ts'

export const serverName = 'fanout-relay-injector.fanout.svc'

/** One replica's certificates, with clocks that stand still until they are turned. */
export interface Replica {
  readonly certificates: Certificates
  readonly served: readonly ServedCertificate[]
  /** The last one. */
  current(): ServedCertificate
  /** Turns its clock, and waits until it has looked. */
  turn(ms: number): Promise<void>
  /** Waits until it has looked. */
  idle(): Promise<void>
  close(): Promise<void>
}

export const startReplica = async (
  options: Pick<CertificatesOptions, 'client' | 'isLeader'> & Partial<CertificatesOptions>,
): Promise<Replica> => {
  const clock = new FakeClock()
  const served: ServedCertificate[] = []
  const stopping = new AbortController()
  const certificates = createCertificates({ namespace: 'fanout', logger: silent, clock, ...options })
  const running = certificates.run(certificate => served.push(certificate), stopping.signal)
  const idle = async () => {
    const until = performance.now() + 5_000
    while (clock.armed === 0) {
      if (performance.now() > until) throw new Error('it is still looking')
      await setImmediate()
    }
  }
  await idle()
  return {
    certificates,
    served,
    idle,
    current: () => served.at(-1)!,
    turn: async ms => {
      clock.advance(ms)
      await idle()
    },
    close: async () => {
      stopping.abort()
      await running
    },
  }
}

export const certificatesIn = (bundle: string): readonly X509Certificate[] =>
  (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(pem => new X509Certificate(pem))

/** What a client does that trusts the bundle, at any time of the wall clock. */
export const isTrusted = (cert: string, bundle: string, now: number, name = serverName): boolean => {
  const leaf = new X509Certificate(cert)
  const isValid = ({ validFromDate, validToDate }: X509Certificate) =>
    validFromDate.getTime() <= now && now < validToDate.getTime()
  return (
    isValid(leaf) &&
    leaf.checkHost(name) === name &&
    certificatesIn(bundle).some(
      ca => ca.ca && isValid(ca) && leaf.checkIssued(ca) && leaf.verify(ca.publicKey),
    )
  )
}
