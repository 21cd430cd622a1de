import type { Row } from '../row.ts'
import { startBlackHole } from '../support/black-hole.ts'
import { startFullBacklog } from '../support/full-backlog.ts'
import { startAt, startLookup, startNamed } from '../support/named.ts'
import { addresses, neverAnswers, noSuchName, resolverError } from '../support/resolver.ts'
import { certificates, startTls } from '../support/tls.ts'
import { shortAttempt } from '../times.ts'

const unsent = { kind: 'failure', resent: 'unsent', closes: false } as const
const tls = { id: 'F19', kind: 'failure', resent: 'never', closes: true } as const

const startHanging: Row['start'] = () =>
  startNamed({
    fault: async port => {
      const full = await startFullBacklog('127.0.0.3', port)
      return { lookup: addresses('127.0.0.3'), close: full.close }
    },
  })

/** Loopback addresses on which nobody listens. */
const threeHundred = Array.from({ length: 300 }, (_, i) => `127.0.${1 + (i >> 7)}.${1 + (i & 127)}`)
/** The first addresses are dead ends, the last one answers. */
const lastIsRight = [...threeHundred.slice(0, 299), '127.0.0.1']

/** Where no request, or no whole one, gets through. */
export const connectingRows: readonly Row[] = [
  {
    ...unsent,
    id: 'F1',
    fault: 'connection refused',
    status: 502,
    token: 'connection_refused',
    start: () => startAt('127.0.0.2'),
  },
  {
    ...unsent,
    id: 'F2',
    fault: 'no route to the address',
    status: 502,
    token: 'connection_refused',
    // The kernel has no way for TCP to a broadcast address: ENETUNREACH at once.
    start: () => startAt('255.255.255.255'),
  },
  {
    ...unsent,
    id: 'F3',
    fault: 'connect hangs',
    status: 504,
    token: 'connection_timeout',
    spec: { timeouts: shortAttempt },
    start: startHanging,
  },
  {
    ...unsent,
    id: 'F3',
    fault: 'connect hangs for the 5 s that it may take',
    status: 504,
    token: 'connection_timeout',
    spec: { timeouts: { request: '20s' } },
    start: startHanging,
  },
  {
    ...tls,
    fault: 'TLS: certificate expired',
    status: 502,
    token: 'tls_certificate_error',
    start: () => startTls({ certificate: certificates.expired }),
  },
  {
    ...tls,
    fault: 'TLS: certificate of another name',
    status: 502,
    token: 'tls_certificate_error',
    start: () => startTls({ certificate: certificates.wrongName }),
  },
  {
    ...tls,
    fault: 'TLS: self-signed certificate',
    status: 502,
    token: 'tls_certificate_error',
    start: () => startTls({ certificate: certificates.selfSigned }),
  },
  ...(['TLSv1.2', 'TLSv1.3'] as const).map(
    (version): Row => ({
      ...tls,
      fault: `TLS: client certificate missing, ${version}`,
      status: 502,
      token: 'tls_certificate_error',
      start: () => startTls({ certificate: certificates.well, asksForClientCertificate: version }),
    }),
  ),
  {
    ...tls,
    fault: 'TLS: handshake hangs',
    status: 504,
    token: 'connection_timeout',
    resent: 'unsent',
    closes: false,
    connectsOn: true,
    spec: { timeouts: shortAttempt },
    note: 'TCP and TLS are one wait, as in F3: no certificate is at fault, and nothing was sent.',
    start: () => startTls({}),
  },
  {
    ...unsent,
    id: 'F20',
    fault: 'DNS: no such name',
    status: 502,
    token: 'dns_error',
    start: () => startLookup(noSuchName),
  },
  {
    ...unsent,
    id: 'F20',
    fault: 'DNS: server failure',
    status: 502,
    token: 'dns_error',
    start: () => startLookup(resolverError('EAI_AGAIN')),
  },
  {
    ...unsent,
    id: 'F20',
    fault: 'DNS: name without addresses',
    status: 502,
    token: 'dns_error',
    start: () => startLookup(resolverError('ENOTFOUND')),
  },
  {
    ...unsent,
    id: 'F20',
    fault: 'DNS: no answer in time',
    status: 504,
    token: 'connection_timeout',
    spec: { timeouts: shortAttempt },
    start: () => startLookup(neverAnswers),
  },
  {
    ...unsent,
    id: 'F20',
    fault: 'DNS: 300 records, all refuse',
    status: 502,
    token: 'connection_refused',
    start: () => startAt(...threeHundred),
  },
  {
    ...unsent,
    id: 'F20',
    fault: 'DNS: 300 records, the last answers',
    kind: 'passes',
    status: 200,
    token: '',
    resent: 'never',
    note: 'Addresses are tried one after the other within the 5 s of a connect.',
    start: () => startAt(...lastIsRight),
  },
  {
    id: 'F21',
    fault: 'half-open connection of the pool',
    kind: 'failure',
    status: 504,
    token: 'http_response_timeout',
    resent: 'replayable',
    closes: true,
    warm: true,
    spec: { timeouts: shortAttempt },
    start: startBlackHole,
  },
]
