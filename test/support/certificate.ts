import { generateKeyPairSync, randomInt, sign } from 'node:crypto'

/*
 * X.509 certificates (RFC 5280) with just enough in them for TLS, so that tests need no openssl.
 */

export interface Certificate {
  readonly cert: string
  readonly key: string
}

interface Contents {
  readonly name: string
  /** Name of whoever signs. Absent = self-signed. */
  readonly issuer?: { readonly name: string; readonly key: string }
  /** Address in the subjectAltName, or a DNS name. */
  readonly ip?: readonly number[]
  readonly dns?: string
  readonly notAfter?: Date
  readonly isAuthority?: boolean
}

export const makeCertificate = (contents: Contents): Certificate => {
  const { name, issuer, notAfter = new Date(Date.now() + dayMs) } = contents
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const validity = sequence(time(new Date(notAfter.getTime() - 10 * dayMs)), time(notAfter))
  const toBeSigned = sequence(
    explicit(0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial()),
    ecdsaWithSha256,
    rdn(issuer?.name ?? name),
    validity,
    rdn(name),
    publicKey.export({ format: 'der', type: 'spki' }),
    explicit(3, sequence(...extensions(contents))),
  )
  const signature = sign('sha256', toBeSigned, issuer?.key ?? privateKey)
  const der = sequence(toBeSigned, ecdsaWithSha256, tagged(0x03, Buffer.from([0]), signature))
  const lines = der
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  }
}

const dayMs = 86_400_000

const extensions = ({ ip, dns, isAuthority = false }: Contents): Buffer[] => {
  const list: Buffer[] = []
  if (isAuthority) list.push(extension([0x55, 0x1d, 0x13], sequence(tagged(0x01, Buffer.from([0xff])))))
  const names: Buffer[] = []
  if (ip) names.push(tagged(0x87, Buffer.from(ip)))
  if (dns) names.push(tagged(0x82, Buffer.from(dns)))
  if (names.length > 0) list.push(extension([0x55, 0x1d, 0x11], sequence(...names)))
  return list
}

const tagged = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: Buffer[]): Buffer => tagged(0x30, ...parts)
const explicit = (tag: number, ...parts: Buffer[]): Buffer => tagged(0xa0 + tag, ...parts)
const oid = (bytes: readonly number[]): Buffer => tagged(0x06, Buffer.from(bytes))
const extension = (id: readonly number[], value: Buffer): Buffer => sequence(oid(id), tagged(0x04, value))
const ecdsaWithSha256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))

/** Four bytes that need neither padding nor a sign. */
const serial = (): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(0x4000_0000 + randomInt(0x3fff_ffff))
  return bytes
}

const rdn = (name: string): Buffer =>
  sequence(tagged(0x31, sequence(oid([0x55, 0x04, 0x03]), tagged(0x0c, Buffer.from(name)))))

/** UTCTime: two digits a year, which is enough for the next decades. */
const time = (date: Date): Buffer =>
  tagged(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`))
