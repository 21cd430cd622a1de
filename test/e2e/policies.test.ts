import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { json } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startUpstream } from '../support/upstream.ts'
import { parseExposition, sampleValue } from '../telemetry/parse-exposition.ts'
import { directoryWith } from './support/directories.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './support/policy-upstream.ts'
import { type RelayProcess, spawnRelay, startRelayProcess } from './support/relay-process.ts'
import { oneUpstream, routeYaml } from './support/routes.ts'

const close = closing()

/** One route named `it`, whose only leg has these fields. */
const startOne = async (
  leg: object,
  route: object = {},
): Promise<{ readonly relay: RelayProcess; readonly upstream: ScriptedUpstream }> => {
  const upstream = close(await startScriptedUpstream())
  const spec = { upstreams: [{ name: 'only', url: upstream.url, ...leg }], ...route }
  const directory = directoryWith({ 'it.yaml': routeYaml('it', spec) })
  return { relay: await startRelayProcess(directory, { args: ['--access-log', 'all'] }), upstream }
}

const whose = { route: 'default/it', upstream: 'only' }

/** The value of the one sample with this name and these labels, as Prometheus would read it. */
const metricOf = async (
  relay: RelayProcess,
  name: string,
  labels: Readonly<Record<string, string>> = whose,
): Promise<number | undefined> => sampleValue(parseExposition(await relay.metrics(), 'text'), name, labels)

const legFigures = async (relay: RelayProcess): Promise<object> => {
  const { upstreams } = (await relay.api('/api/v1/upstreams')) as { upstreams: { figures: object }[] }
  return upstreams[0]!.figures
}

interface Accessed {
  readonly status: number
  readonly replayed?: boolean
  readonly legs: readonly { readonly attempts: number; readonly error?: string }[]
}

/** Access lines, once there are so many. */
const accessLines = (relay: RelayProcess, count: number): Promise<readonly Accessed[]> =>
  eventually(() => {
    const lines = relay.log().filter(({ msg }) => msg === 'request')
    expect(lines).toHaveLength(count)
    return lines as unknown as readonly Accessed[]
  })

describe('what an operator sees of', () => {
  test('retries: those made, those in vain and those left out, and attempts in the access line', async () => {
    const retry = { attempts: 2, backoff: '1ms', codes: [503] }
    const { relay, upstream } = await startOne({ retry }, { retryBudget: { percent: 0, minPerSecond: 3 } })
    upstream.script(503, 200)
    expect((await relay.ask({})).status).toBe(200)
    upstream.script(503)
    expect((await relay.ask({})).status).toBe(503)
    // Three retries in this second: the budget has no more.
    expect((await relay.ask({})).status).toBe(503)
    expect(await metricOf(relay, 'fanout_upstream_retries_total', { ...whose, error: 'http_status' })).toBe(3)
    expect(await metricOf(relay, 'fanout_upstream_retries_exhausted_total')).toBe(1)
    expect(await metricOf(relay, 'fanout_retry_budget_exhausted_total')).toBe(1)
    const lines = await accessLines(relay, 3)
    expect(lines.map(({ legs }) => legs[0]!.attempts)).toEqual([2, 3, 1])
    expect(await legFigures(relay)).toMatchObject({ retries: 3, breaker: null })
  })

  test('a circuit breaker: its state, its changes, and a log line for each', async () => {
    const circuitBreaker = { consecutiveFailures: 2, failurePercent: 0, openDuration: '300ms' }
    const { relay, upstream } = await startOne({ circuitBreaker })
    const states = async () => ({
      closed: await metricOf(relay, 'fanout_circuit_breaker_state', { ...whose, state: 'closed' }),
      open: await metricOf(relay, 'fanout_circuit_breaker_state', { ...whose, state: 'open' }),
      half_open: await metricOf(relay, 'fanout_circuit_breaker_state', { ...whose, state: 'half_open' }),
    })
    expect(await states()).toEqual({ closed: 1, open: 0, half_open: 0 })
    upstream.script(500, 500, 200)
    for (let i = 0; i < 2; i++) expect((await relay.ask({})).status).toBe(500)
    expect(await states()).toEqual({ closed: 0, open: 1, half_open: 0 })
    expect(await legFigures(relay)).toMatchObject({ breaker: 'open' })
    await eventually(async () => expect((await relay.ask({})).status).toBe(200))
    expect(await states()).toEqual({ closed: 1, open: 0, half_open: 0 })
    for (const to of ['open', 'half_open', 'closed'])
      expect(await metricOf(relay, 'fanout_circuit_breaker_transitions_total', { ...whose, to })).toBe(1)
    for (const what of ['opened', 'half open', 'closed'])
      expect(await relay.line(`circuit breaker ${what}`)).toMatchObject(whose)
    expect(await legFigures(relay)).toMatchObject({ breaker: 'closed' })
  })

  test('an open circuit: a refusal without an attempt', async () => {
    const { relay, upstream } = await startOne({ circuitBreaker: { consecutiveFailures: 1 } })
    upstream.script(500)
    await relay.ask({})
    const refused = await relay.ask({})
    expect([refused.status, json(refused).code]).toEqual([503, 'circuit_open'])
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0)
    const [, line] = await accessLines(relay, 2)
    expect(line).toMatchObject({ status: 503, legs: [{ attempts: 0, error: 'circuit_open' }] })
    expect(await metricOf(relay, 'fanout_upstream_requests_total', { ...whose, error: 'circuit_open' })).toBe(
      1,
    )
  })

  test('rate limits: the route says 429, a leg 503, and each counts for itself', async () => {
    const { relay } = await startOne(
      { rateLimit: { requests: 1, interval: '1h' } },
      { rateLimit: { requests: 1, interval: '1h', burst: 2 } },
    )
    const answers = [await relay.ask({}), await relay.ask({}), await relay.ask({})]
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 429])
    for (const answer of answers.slice(1)) {
      expect(json(answer).code).toBe('rate_limited')
      expect(Number(answer.header('retry-after'))).toBeGreaterThan(1700)
    }
    expect(await metricOf(relay, 'fanout_rate_limited_total')).toBe(1)
    expect(await metricOf(relay, 'fanout_rate_limited_total', { ...whose, upstream: '' })).toBe(1)
    expect(await legFigures(relay)).toMatchObject({ rateLimited: 1 })
  })

  test('concurrency: who waits is shown while it waits', async () => {
    const { relay, upstream } = await startOne({
      concurrency: { maxParallelRequests: 1, maxPendingRequests: 1 },
    })
    upstream.script('held')
    const [first, second] = [relay.ask({}), relay.ask({})]
    await eventually(async () => expect(await metricOf(relay, 'fanout_upstream_queued')).toBe(1))
    expect(await metricOf(relay, 'fanout_upstream_in_flight')).toBe(1)
    expect(await legFigures(relay)).toMatchObject({ queued: 1 })
    const third = await relay.ask({})
    expect([third.status, json(third).code]).toEqual([503, 'connection_limit_reached'])
    await upstream.release()
    await upstream.release()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    expect(await metricOf(relay, 'fanout_upstream_queued')).toBe(0)
  })

  test('hedges: the second attempt is counted, and its answer taken', async () => {
    const { relay, upstream } = await startOne({ hedge: { delay: '20ms' } })
    upstream.script('held', 200)
    const answer = await relay.ask({})
    expect([answer.status, answer.body.toString()]).toEqual([200, 'status 200'])
    expect(await metricOf(relay, 'fanout_upstream_hedges_total')).toBe(1)
    expect((await accessLines(relay, 1))[0]!.legs[0]!.attempts).toBe(2)
    expect(await legFigures(relay)).toMatchObject({ hedges: 1 })
  })

  test('idempotency keys: every result, and which answers were replayed', async () => {
    const { relay, upstream } = await startOne({}, { idempotencyKey: {} })
    const ask = (key: string, body = 'x') =>
      relay.ask({ method: 'POST', headers: { 'idempotency-key': key }, body })
    upstream.script(201, 'held', 500)
    expect((await ask('a')).status).toBe(201)
    const replayed = await ask('a')
    expect([replayed.status, replayed.header('idempotent-replayed')]).toEqual([201, 'true'])
    expect((await ask('a', 'another')).status).toBe(422)
    const held = ask('b')
    await eventually(() => expect(upstream.received).toHaveLength(2))
    const early = await ask('b')
    expect([early.status, Number(early.header('retry-after')) > 0]).toEqual([409, true])
    await upstream.release()
    await held
    expect((await ask('c')).status).toBe(500)
    const result = (result: string) =>
      metricOf(relay, 'fanout_idempotency_total', { route: whose.route, result })
    const results = ['stored', 'replayed', 'in_flight', 'mismatch', 'unstored']
    await eventually(async () => expect(await Promise.all(results.map(result))).toEqual([2, 1, 1, 1, 1]))
    expect(upstream.received).toHaveLength(3)
    const lines = await accessLines(relay, 6)
    expect(lines.filter(line => line.replayed)).toMatchObject([{ status: 201, legs: [] }])
  })
})

test('every caller is answered at its deadline, also when other callers ran into theirs just before', async () => {
  const { relay, upstream } = await startOne({}, { timeouts: { request: '1s' } })
  upstream.script('held')
  const waits: Promise<number>[] = []
  for (let i = 0; i < 20; i++) {
    const sentAt = performance.now()
    waits.push(relay.ask({}).then(() => performance.now() - sentAt))
    // Callers come one after another: their deadlines lie as far apart.
    await new Promise(resolve => setTimeout(resolve, 30))
  }
  expect(Math.max(...(await Promise.all(waits)))).toBeLessThan(1900)
})

describe('lint and run agree', () => {
  const lintOf = async (directory: string) => {
    const lint = spawnRelay(['lint', '-o', 'json', directory])
    const code = await lint.exit
    return { code, problems: JSON.parse(lint.output().stdout).problems as Problem[] }
  }
  interface Problem {
    readonly code: string
    readonly severity: string
    readonly location: { readonly file: string; readonly line: number; readonly column: number }
  }
  const every = {
    timeouts: { request: '5s', backendRequest: '1s' },
    retry: { attempts: 3, codes: [429, 503] },
    retryBudget: { percent: 10 },
    rateLimit: { requests: 100, interval: '1s', burst: 200 },
    idempotencyKey: { ttl: '1h' },
  }
  const leg = {
    circuitBreaker: { halfOpenRequests: 2 },
    rateLimit: { requests: 500, burst: 500, onLimit: 'Wait' },
    concurrency: { maxParallelRequests: 16 },
    hedge: { delay: '200ms' },
  }

  test('on a route with every policy: both take it, and it serves', async () => {
    const upstream = close(await startUpstream())
    const upstreams = [{ name: 'only', url: upstream.url, ...leg }]
    const directory = directoryWith({ 'it.yaml': routeYaml('it', { ...every, upstreams }) })
    expect(await lintOf(directory)).toEqual({ code: 0, problems: [] })
    const relay = await startRelayProcess(directory)
    expect(relay.log().filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
    expect((await relay.ask({ method: 'POST', body: '{}' })).status).toBe(200)
    const { policies, legs } = (await relay.api('/api/v1/routes/default/it')) as Record<string, object>
    expect(policies).toMatchObject({
      rateLimit: { burst: 200 },
      retryBudget: { percent: 10, minPerSecond: 10 },
    })
    expect(legs).toMatchObject([
      { policies: { retry: { attempts: 3 }, concurrency: { maxParallelRequests: 16 } } },
    ])
  })

  test('on policies that cannot be: the same codes at the same places, and 503 for that route alone', async () => {
    const upstream = close(await startUpstream())
    const broken = {
      retry: { codes: [404] },
      circuitBreaker: { consecutiveFailures: 0, failurePercent: 0 },
      hedge: { delay: '0s' },
    }
    const directory = directoryWith({
      'bad.yaml': oneUpstream('bad', upstream.url, {
        upstreams: [{ name: 'only', url: upstream.url, ...broken }],
      }),
      'good.yaml': oneUpstream('good', upstream.url),
    })
    const { code, problems } = await lintOf(directory)
    expect(code).toBe(1)
    expect(problems.filter(({ severity }) => severity === 'error').length).toBe(3)
    const relay = await startRelayProcess(directory)
    const seen = relay.log().filter(line => typeof line['code'] === 'string')
    const places = problems.map(({ code, location: { file, line, column } }) => [
      code,
      `${file}:${line}:${column}`,
    ])
    expect(seen.map(line => [line['code'], line['at']]).sort()).toEqual(places.sort())
    const refused = await relay.ask({ path: '/bad' })
    expect([refused.status, json(refused).code]).toEqual([503, 'route_invalid'])
    expect((await relay.ask({ path: '/good' })).status).toBe(200)
  })
})

test('every policy that docs/routes.md shows runs as it stands there', async () => {
  const upstream = close(await startUpstream())
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/routes.md'), 'utf8')
  const policy =
    /^ +(?:- )?.*\b(retry|retryBudget|circuitBreaker|rateLimit|concurrency|hedge|idempotencyKey):/m
  const shown = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, text]) => text!)
    .filter(text => text.includes('kind: FanOutRoute') && policy.test(text))
  expect(shown.length).toBeGreaterThanOrEqual(7)
  // Each under a host of its own, because they stand alone on the page.
  const routes = shown.map((text, i) => {
    const document = parse(text.replaceAll(/http:\/\/localhost:\d+/g, upstream.url))
    const { method = 'GET', path = { value: '/' } } = document.spec.matches?.[0] ?? {}
    const host = `block-${i}.test`
    const name = `${document.metadata.name}-${i}`
    return { name, host, method, path: path.value, spec: { ...document.spec, hostnames: [host] } }
  })
  const directory = directoryWith(
    Object.fromEntries(routes.map(({ name, spec }) => [`${name}.yaml`, routeYaml(name, spec)])),
  )
  const relay = await startRelayProcess(directory)
  expect(relay.log().filter(({ level }) => level === 'error')).toEqual([])
  for (const { name, host, method, path } of routes) {
    const body = method === 'GET' ? {} : { body: '{}' }
    const answer = await relay.ask({ method, path, headers: { host }, ...body })
    expect([name, answer.status]).toEqual([name, 200])
  }
})
