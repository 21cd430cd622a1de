import './reflect-metadata.ts'
import { randomBytes, webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { KeyPair } from './key-pair.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** Clocks of other machines may be behind. */
const backdateMs = 3_600_000

interface Validity {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly notAfter: number
}

/** A certificate authority that signs leaves and nothing else. Its name is its own: none is mistaken for an older one. */
export const makeAuthority = async ({ now, notAfter }: Validity): Promise<KeyPair> => {
  const keys = await generateKeys()
  const cert = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial(),
      name: [{ CN: [`fanout-relay-injector-ca-${randomBytes(4).toString('hex')}`] }],
      notBefore: new Date(now - backdateMs),
      notAfter: new Date(notAfter),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto as Crypto),
      ],
    },
    webcrypto as Crypto,
  )
  return pairOf(cert, keys)
}

/** A server's certificate for these names. */
export const makeLeaf = async (
  authority: KeyPair,
  { now, notAfter, dnsNames }: Validity & { readonly dnsNames: readonly string[] },
): Promise<KeyPair> => {
  const issuer = new X509Certificate(authority.cert)
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(authority.key),
    algorithm,
    false,
    ['sign'],
  )
  const keys = await generateKeys()
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    // Go reads names from here alone.
    new SubjectAlternativeNameExtension(dnsNames.map(value => ({ type: 'dns', value }))),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto as Crypto),
  ]
  const cert = await X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject: [{ CN: ['fanout-relay-injector'] }],
      issuer: issuer.subject,
      notBefore: new Date(now - backdateMs),
      notAfter: new Date(notAfter),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey,
      extensions,
    },
    webcrypto as Crypto,
  )
  return pairOf(cert, keys)
}

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>

const pairOf = async (cert: X509Certificate, { privateKey }: webcrypto.CryptoKeyPair): Promise<KeyPair> => ({
  cert: `${cert.toString('pem')}\n`,
  key: `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY')}\n`,
})

/** 64 random bits, as browsers ask of public authorities; the first is 0, so that the number is positive. */
const serial = (): string => {
  const bytes = randomBytes(9)
  bytes[0] = 1
  return bytes.toString('hex')
}
