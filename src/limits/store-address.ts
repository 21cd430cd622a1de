import { isIP } from 'node:net'

/** A `redis://` or `rediss://` URL, read. */
export interface StoreAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  /** Without credentials, for logs. */
  readonly shown: string
}

/** What is wrong with the URL of a store. The message never repeats the URL: it may hold a password. */
export class InvalidStoreUrl extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InvalidStoreUrl'
  }
}

/**
 * Reads `redis[s]://[[user]:password@]host[:port][/database]`; the port is 6379 unless given. Reserved
 * characters in credentials are percent-encoded. Throws InvalidStoreUrl.
 */
export const readStoreUrl = (text: string): StoreAddress => {
  const url = URL.parse(text)
  if (!url) throw new InvalidStoreUrl('is not a URL')
  const { protocol, hostname, pathname } = url
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new InvalidStoreUrl(`has the scheme ${protocol.slice(0, -1)}`)
  }
  if (hostname === '') throw new InvalidStoreUrl('has no host')
  if (url.search !== '' || url.hash !== '') {
    throw new InvalidStoreUrl(
      'has a query or fragment, which means nothing here; percent-encode ? and # in passwords',
    )
  }
  const database = /^\/?(\d{0,9})$/.exec(pathname)?.[1]
  if (database === undefined)
    throw new InvalidStoreUrl('has a path; only the number of a database may follow the host')
  const port = Number(url.port || 6379)
  return {
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port,
    tls: protocol === 'rediss:',
    username: decoded(url.username),
    password: decoded(url.password),
    database: Number(database),
    shown: `${protocol}//${hostname}:${port}/${Number(database)}`,
  }
}

const decoded = (text: string): string | undefined => {
  if (text === '') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    throw new InvalidStoreUrl('has credentials with a bare %; write it as %25')
  }
}

/** The name for SNI, which must not be an address (RFC 6066 §3). */
export const serverName = (host: string): string | undefined => (isIP(host) === 0 ? host : undefined)
