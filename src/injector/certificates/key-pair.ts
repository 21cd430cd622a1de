import { createPrivateKey, X509Certificate } from 'node:crypto'

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** Milliseconds since 1970 when a PEM certificate ends; throws for what is none. */
export const expiryOf = (cert: string): number => new X509Certificate(cert).validToDate.getTime()

/** True when both can be read and belong together; a file may have been read in the middle of its replacement. */
export const isKeyPair = ({ cert, key }: KeyPair): boolean => {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

/** True for a leaf (PEM) that is valid now, has all the names, and is signed by one of the authorities. */
export const isServable = (
  cert: string,
  {
    now,
    dnsNames,
    authorities,
  }: { now: number; dnsNames: readonly string[]; authorities: readonly string[] },
): boolean => {
  const leaf = new X509Certificate(cert)
  if (leaf.validToDate.getTime() <= now || leaf.validFromDate.getTime() > now) return false
  if (!dnsNames.every(name => leaf.checkHost(name, { subject: 'never' }) !== undefined)) return false
  return authorities.some(pem => {
    const authority = new X509Certificate(pem)
    return leaf.checkIssued(authority) && leaf.verify(authority.publicKey)
  })
}

/** The certificates in a PEM text, each in a text of its own; what cannot be read is left out. */
export const splitPem = (text: string): readonly string[] =>
  (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).flatMap(block => {
    try {
      return [`${new X509Certificate(block).toString().trim()}\n`]
    } catch {
      return []
    }
  })
