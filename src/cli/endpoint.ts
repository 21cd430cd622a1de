import { isIP } from 'node:net'
import type { Endpoint } from './config.ts'
import type { Machine } from './io.ts'
import { InvalidValue } from './option.ts'

const expected = 'HOST:PORT, [IPv6]:PORT or PORT, several with commas between, such as 127.0.0.1:4780'

/**
 * Reads `127.0.0.1:4780`, `[::1]:4780`, `localhost:4780`, `:4780` or `4780`, several separated by commas.
 * A port without host means the hosts of the default, so that changing a port never opens it to a network.
 */
export const endpoints =
  (defaultHosts: (machine: Machine) => readonly string[]) =>
  ([given = '']: readonly string[], machine: Machine): readonly Endpoint[] =>
    given.split(',').flatMap(part => readOne(part.trim(), defaultHosts(machine)))

const readOne = (given: string, defaultHosts: readonly string[]): readonly Endpoint[] => {
  const parts = /^(?:\[([^\]]*)\]:|([^:[\]]*):)?([0-9]{1,5})$/.exec(given)
  if (!parts) throw new InvalidValue(expected, fixFor(given))
  const [, ipv6, host, digits] = parts
  const port = Number(digits)
  if (port > 65535) throw new InvalidValue('a port from 0 to 65535')
  if (ipv6 !== undefined) {
    if (isIP(ipv6) !== 6) throw new InvalidValue(expected)
    return [{ host: ipv6, port }]
  }
  if (host) return [{ host, port }]
  // Port 0 means any free port, which would be another one for each host.
  return (port === 0 ? defaultHosts.slice(0, 1) : defaultHosts).map(one => ({ host: one, port }))
}

const fixFor = (given: string): string | undefined => {
  if (/^https?:\/\//.test(given)) return 'leave the scheme out'
  if (isIP(given)) return `add a port: ${formatEndpoint({ host: given, port: 4780 })}`
  const bare = /^(.*:.*):([0-9]+)$/.exec(given)
  return bare && isIP(bare[1]!) === 6
    ? `put brackets around an IPv6 address: [${bare[1]}]:${bare[2]}`
    : undefined
}

/** `127.0.0.1:4780`, `[::1]:4780` */
export const formatEndpoint = ({ host, port }: Endpoint): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
