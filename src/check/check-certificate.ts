import { X509Certificate } from 'node:crypto'
import { splitPem } from '../injector/certificates/key-pair.ts'
import { type CheckFinding, finding } from './finding.ts'

interface Expectations {
  readonly where: string
  /** The name by which the API server calls. */
  readonly dnsName: string
  /** PEM certificates of the caBundle; none = that is a finding of its own. */
  readonly authorities: readonly string[]
  /** Milliseconds since 1970. */
  readonly now: number
}

const dayMs = 86_400_000
/** The controller renews with 30 days left, cert-manager with a third of the time. */
const soonMs = 14 * dayMs

/** Whether the API server would take what is in the Secret of a webhook. */
export const certificateFindings = (
  data: Readonly<Record<string, string>>,
  { where, dnsName, authorities, now }: Expectations,
): readonly CheckFinding[] => {
  const chain = certificatesIn(data['tls.crt'])
  const [leaf] = chain
  if (!leaf) return [finding('FR0218', { where, message: 'there is no certificate in it' })]
  return [
    ...validity(leaf, where, now),
    ...(leaf.checkHost(dnsName, { subject: 'never' }) === undefined
      ? [
          finding('FR0221', {
            where,
            message: `the certificate is not for ${dnsName}: ${leaf.subjectAltName ?? 'it names nobody'}`,
          }),
        ]
      : []),
    ...trust(chain, authorities.map(readCertificate), where, now),
  ]
}

const certificatesIn = (base64: string | undefined): readonly X509Certificate[] =>
  splitPem(Buffer.from(base64 ?? '', 'base64').toString('utf8')).map(readCertificate)

const readCertificate = (pem: string): X509Certificate => new X509Certificate(pem)

const validity = (leaf: X509Certificate, where: string, now: number): readonly CheckFinding[] => {
  const [from, to] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()]
  if (now < from)
    return [finding('FR0219', { where, message: `the certificate is valid from ${iso(from)} on` })]
  if (now >= to) return [finding('FR0219', { where, message: `the certificate expired at ${iso(to)}` })]
  if (to - now >= soonMs) return []
  const days = Math.floor((to - now) / dayMs)
  return [finding('FR0220', { where, message: `the certificate expires at ${iso(to)}, in ${days} days` })]
}

const trust = (
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  where: string,
  now: number,
): readonly CheckFinding[] => {
  if (authorities.length === 0) return []
  const signer = authorities.find(authority => chain.some(cert => isIssuedBy(cert, authority)))
  if (!signer)
    return [
      finding('FR0221', { where, message: 'none of the authorities in the caBundle signed the certificate' }),
    ]
  const expired = signer.validToDate.getTime()
  return expired > now
    ? []
    : [
        finding('FR0221', {
          where,
          message: `the authority in the caBundle that signed it expired at ${iso(expired)}`,
        }),
      ]
}

const isIssuedBy = (cert: X509Certificate, authority: X509Certificate): boolean =>
  cert.fingerprint256 === authority.fingerprint256 ||
  (cert.checkIssued(authority) && cert.verify(authority.publicKey))

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')
