import { createHash } from 'node:crypto'
import type { Bench } from '../bench.ts'
import { freePorts, loopback } from '../process/ports.ts'
import { startScripted } from '../upstreams/scripted.ts'
import { byTurns, clientP99 } from './resilience-latency.ts'
import { type RelayWithRoutes, startRelayWith, warmUpOn } from './resilience-relay.ts'
import { Rounds, type Row, rowsOf } from './resilience-row.ts'
import { type LocalUpstream, startLocal } from './resilience-upstream.ts'

/** `guarded`: dead, behind a circuit breaker. */
const states = ['absent', 'on', 'hung', 'dead', 'guarded'] as const
type State = (typeof states)[number]
/** Without a shadow twice: how far the two are apart is noise. */
const situations = [...states, 'absent again'] as const
const stateOf = (situation: (typeof situations)[number]): State =>
  situation === 'absent again' ? 'absent' : situation

const body = Buffer.alloc(64 * 1024, 'a primary answers this, whatever its shadow does; ')
/** Of an answer, what differs from one request to the next. */
const changing = new Set(['date', 'server-timing', 'x-request-id'])

/** R22: the primary's latency and bytes with a shadow in every state, against none. */
export async function shadow(bench: Bench): Promise<Row[]> {
  const upstreams = await startScripted(bench.cores, ['fast', 'hung'])
  const [well = 0, hung = 0] = upstreams.ports
  const [dead = 0] = await freePorts(1)
  const echo = await startLocal((response, request) => {
    response
      .writeHead(200, { 'content-type': 'text/plain', 'x-asked': request.rawHeaders.join('|') })
      .end(body)
  })
  const shadows = { absent: undefined, on: well, hung, dead, guarded: dead }
  const relay = await startRelayWith(bench, routes(bench.fast.ports[0] ?? 0, echo, shadows))
  const delta = new Rounds()
  const noise = new Rounds()
  const p99 = new Rounds()
  try {
    await warmUpOn(bench, relay, {
      method: 'POST',
      paths: ['absent', 'on', 'dead'].map(state => `/shadow-${state}`),
    })
    for (let round = 0; round < bench.settings.rounds; round += 1) {
      const measured = await byTurns(bench, situations, situation =>
        clientP99(bench, relay, { method: 'POST', path: `/shadow-${stateOf(situation)}` }),
      )
      const absent = measured.get('absent') ?? Number.NaN
      for (const [situation, value] of measured) {
        p99.add(`shadow ${situation}`, value)
        if (situation === 'absent') continue
        ;(situation === 'absent again' ? noise : delta).add(`shadow ${situation}`, value - absent)
      }
    }
    const base = p99.of('shadow absent')?.median ?? Number.NaN
    const differing = new Rounds()
    for (const state of states.slice(1)) {
      differing.add(`shadow ${state}`, (await differs(relay, state)) ? 1 : 0)
    }
    return [
      ...rowsOf('R22 client p99', p99, { unit: 'ms' }),
      ...rowsOf('R22 p99 − without a shadow, noise', noise, { unit: 'ms' }),
      ...rowsOf('R22 p99 − without a shadow', delta, { atMost: Math.max(1, 0.05 * base), unit: 'ms' }),
      ...rowsOf('R22 answers or requests of the primary that differ', differing, { atMost: 0, never: true }),
    ]
  } finally {
    await relay.stop()
    await echo.stop()
    await upstreams.stop()
  }
}

function routes(fast: number, echo: LocalUpstream, shadows: Readonly<Record<State, number | undefined>>) {
  const specs: Record<string, object> = {}
  for (const [state, port] of Object.entries(shadows)) {
    const copy = {
      name: 'copy',
      role: 'Shadow',
      url: `http://${loopback}:${port}`,
      timeouts: { request: '1s' },
      ...(state === 'guarded' ? { circuitBreaker: {} } : {}),
    }
    const primaries = { shadow: `http://${loopback}:${fast}`, same: echo.url }
    for (const [name, url] of Object.entries(primaries)) {
      const primary = { name: 'primary', url }
      specs[`${name}-${state}`] = { upstreams: port === undefined ? [primary] : [primary, copy] }
    }
  }
  return specs
}

/** Status, headers and body that the caller gets, and the headers that the primary got, against none. */
async function differs(relay: RelayWithRoutes, state: State): Promise<boolean> {
  const [without, withShadow] = await Promise.all(['absent', state].map(name => seen(relay, `/same-${name}`)))
  return without !== withShadow
}

async function seen({ port }: RelayWithRoutes, path: string): Promise<string> {
  const headers = { 'x-request-id': 'the-same' }
  const answer = await fetch(`http://${loopback}:${port}${path}`, { method: 'POST', headers, body })
  const kept = [...answer.headers].filter(([name]) => !changing.has(name))
  const digest = createHash('sha256')
    .update(Buffer.from(await answer.arrayBuffer()))
    .digest('hex')
  return JSON.stringify([answer.status, kept, digest])
}
