import { type Ask, ask, json, requestBytes } from '../../support/ask.ts'
import { eventually } from '../../support/eventually.ts'
import { gate } from '../../support/gate.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'
import { routeYaml } from './routes.ts'
import { deadBreaker } from './versioned-route.ts'

/*
 * Routes that no edit touches, each brought into a state that only a reset would end: a circuit is open, two
 * buckets are empty, the one slot is taken, a key is in flight.
 */

export interface Untouched {
  /** Documents to put beside the route that is edited. */
  readonly documents: readonly string[]
  /** Brings them into their states; to be called once, when they are served. */
  use(relay: { readonly port: number }): Promise<void>
  /** What is no longer as it was; empty = nothing was reset. */
  look(): Promise<readonly string[]>
  /** Lets the request that was in flight all the time go on; its status. */
  release(): Promise<number>
  close(): Promise<void>
}

const burst = 5
/** One token an hour: in the time of a test it does not refill. */
const emptied = { requests: 1, interval: '1h', burst }
const inFlight: Ask = { method: 'POST', path: '/busy', headers: { 'idempotency-key': 'held' }, body: 'x' }

const route = (name: string, upstream: Upstream, { leg = {}, ...more }: Record<string, object>) =>
  routeYaml(name, {
    matches: [{ path: { value: `/${name}` } }],
    timeouts: { request: '10m' },
    upstreams: [{ name: 'only', url: upstream.url, ...leg }],
    ...more,
  })

export const untouchedRoutes = async (dead: Upstream): Promise<Untouched> => {
  const held = gate()
  const well = await startUpstream()
  const holding = await startUpstream((_received, response) => void held.passed.then(() => response.end('x')))
  let relay = { port: 0 }
  let waiting: RawClient | undefined

  const states: readonly { readonly ask: Ask; readonly is: string }[] = [
    { ask: { path: '/open' }, is: '503 circuit_open' },
    { ask: { path: '/spent' }, is: '429 rate_limited' },
    { ask: { path: '/spent-leg' }, is: '503 rate_limited' },
    { ask: { path: '/busy' }, is: '503 connection_limit_reached' },
    { ask: inFlight, is: '409 idempotency_in_flight' },
  ]
  const stateOf = async (request: Ask): Promise<string> => {
    const answer = await ask(relay, request).catch((error: Error) => error)
    if (answer instanceof Error) return answer.message.split('\n')[0]!
    const isProblem = answer.header('content-type') === 'application/problem+json'
    return `${answer.status} ${isProblem ? json(answer).code : 'of the upstream'}`
  }
  const look = async (): Promise<readonly string[]> => {
    const seen = await Promise.all(states.map(async state => ({ ...state, now: await stateOf(state.ask) })))
    return seen
      .filter(({ is, now }) => now !== is)
      .map(({ ask, is, now }) => `${ask.path}: ${now}, not ${is}`)
  }
  return {
    documents: [
      route('open', dead, { leg: { circuitBreaker: deadBreaker } }),
      route('spent', well, { rateLimit: emptied }),
      route('spent-leg', well, { leg: { rateLimit: emptied } }),
      route('busy', holding, {
        idempotencyKey: {},
        leg: { concurrency: { maxParallelRequests: 1, maxPendingRequests: 0 } },
      }),
    ],
    use: async to => {
      relay = to
      for (let i = 0; i < deadBreaker.consecutiveFailures; i++) await ask(relay, { path: '/open' })
      for (const path of ['/spent', '/spent-leg']) for (let i = 0; i < burst; i++) await ask(relay, { path })
      waiting = await RawClient.connect(relay.port)
      waiting.send(requestBytes(inFlight))
      await eventually(() => {
        if (holding.received.length === 0) throw new Error('the request to be held has not arrived')
      })
      const wrong = await look()
      if (wrong.length > 0) throw new Error(`Before the first edit: ${wrong.join('; ')}`)
    },
    look,
    release: async () => {
      held.open()
      return (await waiting!.response({ method: 'POST' })).status
    },
    close: async () => {
      waiting?.close()
      await well.close()
      await holding.close()
    },
  }
}
