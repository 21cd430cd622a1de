import { startUpstream, type Upstream } from '../../support/upstream.ts'
import type { Answered } from './keep-alive-client.ts'
import { routeYaml } from './routes.ts'

/* A route of which every version can be told from its answers, with every policy that a reload could disturb. */

/** One request of so many fails once, and is retried. */
const failsOnce = 20

/** Says what it was asked; every now and then it does not answer the first time. */
export const startEcho = async (): Promise<Upstream> => {
  const failed = new Set<string>()
  let asked = 0
  return startUpstream(({ url, header }, response) => {
    const key = header('idempotency-key') ?? ''
    if (++asked % failsOnce === 0 && !failed.has(key)) {
      failed.add(key)
      if (failed.size % 2 === 0) response.destroy()
      else response.writeHead(503).end()
      return
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ path: url, header: header('x-version') }))
  })
}

export interface VersionedUpstreams {
  /** Versions go to these two in turn, so that each edit lets go of connections in use. */
  readonly echoes: readonly [Upstream, Upstream]
  /** Fails always. */
  readonly dead: Upstream
}

/** So many failures open the circuit to `dead`, and it stays open. */
export const deadBreaker = { consecutiveFailures: 3, openDuration: '1h' }

/**
 * Every part of an answer says of which version it is: both legs' paths and headers, and the status. What
 * policies the route has is the same in all versions.
 */
export const versionedRoute = (number: number, { echoes, dead }: VersionedUpstreams): string => {
  const leg = (url: string) => ({
    url: `${url}/version/${number}`,
    request: { headers: { set: [{ name: 'x-version', value: String(number) }] } },
  })
  const policies = {
    circuitBreaker: {},
    rateLimit: { requests: 100_000 },
    concurrency: { maxParallelRequests: 64 },
  }
  return routeYaml('orders', {
    matches: [{ method: 'POST', path: { value: '/orders' } }],
    timeouts: { request: '5s', backendRequest: '2s' },
    retry: { attempts: 2, backoff: '150ms', maxBackoff: '300ms' },
    rateLimit: { requests: 100_000 },
    idempotencyKey: {},
    upstreams: [
      { name: 'left', ...leg(echoes[number % 2]!.url), ...policies },
      { name: 'right', ...leg(echoes[number % 2]!.url), ...policies },
      { name: 'dead', role: 'Optional', ...leg(dead.url), circuitBreaker: deadBreaker },
    ],
    response: { statuses: { partial: statusOf(number) } },
  })
}

const statusOf = (number: number): number => 210 + (number % 80)

interface Entry {
  readonly attempts: number
  readonly error?: string
  readonly body: { readonly path: string; readonly header: string }
}

export interface VersionedAnswer {
  /** -1 = of two versions, or no whole answer. */
  readonly version: number
  readonly retried: boolean
  /** The circuit to the dead upstream was closed: the request was sent there. */
  readonly askedDead: boolean
}

export const readAnswer = ({ status, body }: Pick<Answered, 'status' | 'body'>): VersionedAnswer => {
  const { status: whole, results } = JSON.parse(body)
  if (whole !== 'partial_success') return { version: -1, retried: false, askedDead: false }
  const { left, right, dead } = results as Record<string, Entry>
  const number = Number(left!.body.header)
  const same = [left!, right!].every(
    ({ body }) => body.path === `/version/${number}` && body.header === String(number),
  )
  return {
    version: same && status === statusOf(number) ? number : -1,
    retried: left!.attempts + right!.attempts > 2,
    askedDead: dead!.error !== 'circuit_open',
  }
}
