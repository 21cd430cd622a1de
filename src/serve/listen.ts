import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A port could not be opened; the message says which, why, and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

interface Port {
  /** The flag that moves it. */
  readonly flag: string
  readonly endpoints: readonly Endpoint[]
  readonly createServer: () => Server
}

export interface Listening {
  readonly servers: readonly Server[]
  readonly addresses: readonly string[]
}

/** Opens every port, or none: one that stayed open would keep a process alive that serves nothing. */
export const listen = async <Purpose extends string>(
  ports: Readonly<Record<Purpose, Port>>,
): Promise<Record<Purpose, Listening>> => {
  const opened: Server[] = []
  const listening: Partial<Record<Purpose, Listening>> = {}
  try {
    for (const purpose of Object.keys(ports) as Purpose[])
      listening[purpose] = await openPort(purpose, ports[purpose], opened)
    return listening as Record<Purpose, Listening>
  } catch (error) {
    for (const server of opened) server.close()
    throw error
  }
}

/** Opens every endpoint. One of several that the machine has no address for (`::1`) is left out. */
const openPort = async (
  purpose: string,
  { flag, endpoints, createServer }: Port,
  opened: Server[],
): Promise<Listening> => {
  const servers: Server[] = []
  const addresses: string[] = []
  for (const { host, port } of endpoints) {
    const server = createServer()
    const failure = await open(server, host, port)
    const code = (failure as { code?: string } | undefined)?.code
    if (failure && endpoints.length > 1 && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) continue
    if (failure) throw new ListenError(explain(purpose, flag, { host, port }, code ?? String(failure)))
    servers.push(server)
    opened.push(server)
    addresses.push(format(server.address() as AddressInfo))
  }
  if (servers.length === 0)
    throw new ListenError(`No address of the ${purpose} port exists on this machine; set ${flag} HOST:PORT.`)
  return { servers, addresses }
}

const open = (server: Server, host: string, port: number): Promise<Error | undefined> =>
  new Promise(resolve => {
    const fail = (error: Error): void => resolve(error)
    server.once('error', fail)
    server.listen({ host, port, ipv6Only: host === '::1' }, () => {
      server.off('error', fail)
      resolve(undefined)
    })
  })

const explain = (purpose: string, flag: string, { host, port }: Endpoint, code: string): string => {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const why = inWords[code]?.(host) ?? code
  return `cannot open the ${purpose} port ${where}\n  why: ${why}\n  fix: choose another with ${flag} HOST:PORT`
}

const inWords: Readonly<Record<string, (host: string) => string>> = {
  EADDRINUSE: () => 'another process listens there',
  EADDRNOTAVAIL: host => `this machine has no address ${host}`,
  EACCES: () => 'this user may not open that port',
  ENOTFOUND: host => `the name ${host} has no address`,
}

const format = ({ address, port, family }: AddressInfo): string =>
  family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
