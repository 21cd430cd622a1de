import { expiryOf, isKeyPair, type KeyPair, splitPem } from './key-pair.ts'

/** What the Secret holds: the authority that signs, what it has signed, and older authorities still to be trusted. */
export interface HeldCertificates {
  readonly authority: KeyPair
  /** PEM certificates of authorities whose leaves may still be served. */
  readonly retired: readonly string[]
  readonly leaf: KeyPair | undefined
}

export type SecretData = Readonly<Record<string, string>>

/** Everything that clients have to trust, newest first, as one PEM text. */
export const bundleOf = ({ authority, retired }: HeldCertificates): string =>
  [authority.cert, ...retired].join('')

/** `undefined` for a Secret that does not hold a usable authority. */
export const readHeld = (data: SecretData): HeldCertificates | undefined => {
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8')
  const [current, ...retired] = splitPem(text('ca.crt'))
  if (current === undefined) return undefined
  const authority = { cert: current, key: text('ca.key') }
  if (!isKeyPair(authority)) return undefined
  const leaf = { cert: text('tls.crt'), key: text('tls.key') }
  return { authority, retired, leaf: isKeyPair(leaf) ? leaf : undefined }
}

/** `data` of a Secret of type kubernetes.io/tls; it demands tls.crt and tls.key, empty as they may be. */
export const writeHeld = (held: HeldCertificates): SecretData => {
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
  return {
    'ca.crt': base64(bundleOf(held)),
    'ca.key': base64(held.authority.key),
    'tls.crt': base64(held.leaf?.cert ?? ''),
    'tls.key': base64(held.leaf?.key ?? ''),
  }
}

/** The same without authorities that have expired: nothing they signed is valid any more. */
export const withoutExpired = (held: HeldCertificates, now: number): HeldCertificates => ({
  ...held,
  retired: held.retired.filter(cert => expiryOf(cert) > now),
})
