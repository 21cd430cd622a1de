import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCertificate } from '../../support/certificate.ts'

/** Files that the API server starts with, and what its clients need to know of them. */
export interface Credentials {
  readonly ca: string
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
  /** The pair that signs and verifies the tokens of ServiceAccounts. */
  readonly signingKeyFile: string
  readonly verifyingKeyFile: string
  /** Static tokens: one, of the administrator. */
  readonly tokenFile: string
  readonly adminToken: string
}

export const writeCredentials = (directory: string): Credentials => {
  const file = (name: string, content: string): string => {
    const path = join(directory, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  const ca = makeCertificate({ name: 'cluster tests', isAuthority: true })
  const issuer = { name: 'cluster tests', key: ca.key }
  const server = makeCertificate({ name: 'kube-apiserver', issuer, ip: [127, 0, 0, 1] })
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const adminToken = randomBytes(16).toString('hex')
  return {
    ca: ca.cert,
    caFile: file('ca.crt', ca.cert),
    certFile: file('server.crt', server.cert),
    keyFile: file('server.key', server.key),
    signingKeyFile: file('sa.key', privateKey.export({ format: 'pem', type: 'pkcs8' }) as string),
    verifyingKeyFile: file('sa.pub', publicKey.export({ format: 'pem', type: 'spki' }) as string),
    tokenFile: file('tokens.csv', `${adminToken},admin,admin,system:masters\n`),
    adminToken,
  }
}
