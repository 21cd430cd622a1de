import { expect, test } from 'vitest'
import { renderReport } from '../../src/simulate/render-report.ts'
import { report } from '../../src/simulate/report.ts'
import { maxShown, type Simulation, simulate } from '../../src/simulate/simulate.ts'
import { delayed, down, failing, simulationOf } from './support.ts'

const reported = async (simulation: Simulation) => report(simulation, await simulate(simulation))

const text = async (simulation: Simulation) => renderReport(await reported(simulation), { colour: false })

const a = { name: 'a', url: 'https://a.example/x' }
const sequence = (requests: number) => ({ load: { kind: 'sequence', requests } as const })

test('what differs from production is said', async () => {
  const spec = { rateLimit: { requests: 9, scope: 'Global' }, upstreams: [a] }
  const { notes, legs } = await reported(simulationOf(spec, { a: delayed(1) }))
  expect(notes).toEqual([
    'https is left out: a is spoken to in plain HTTP',
    'limits of scope Global count for this process alone',
  ])
  expect(legs[0]).toMatchObject({ insteadOf: 'https://a.example', script: 'answers after 1ms' })
})

test('one request is a waterfall and its answer, without totals', async () => {
  const told = await text(simulationOf({ upstreams: [a] }, { a: failing(down) }))
  expect(told).toContain('GET / is taken by default/r. Its legs are simulated, with seed 1:')
  expect(told).toMatch(/a {2}Required {2}answers after 1ms; fails: 503 {2}in place of https:\/\/a\.example\n/)
  expect(told).toMatch(/^a {6} ?#1 .* 503 {2}to the caller$/m)
  expect(told).toMatch(/^answer 503 {3}X-FanOut-Status: failed$/m)
  expect(told).not.toContain('offered')
})

test('a few requests one after another are all shown', async () => {
  const { waterfalls } = await reported(simulationOf({ upstreams: [a] }, { a: delayed(1) }, sequence(3)))
  expect(waterfalls.map(({ why }) => why)).toEqual(['request 1', 'request 2', 'request 3'])
})

test('of many requests the slowest and a failed one are shown', async () => {
  const first = { kind: 'first', count: 1 } as const
  const script = { delays: delayed(1).delays, failures: [{ what: down, when: first }] }
  const simulation = simulationOf({ upstreams: [a] }, { a: script }, sequence(maxShown + 1))
  const { waterfalls } = await reported(simulation)
  const shown = waterfalls.map(({ why, number }) => [why.replace(', which failed', ''), number])
  expect(shown[0]![0]).toBe('the slowest request')
  expect(waterfalls.some(({ answer }) => answer?.status === 503)).toBe(true)
})

test('totals tell outcomes by status, latency, amplification, and what each leg did', async () => {
  const spec = {
    retry: { attempts: 1, backoff: '1ms' },
    upstreams: [{ ...a, circuitBreaker: { consecutiveFailures: 3 } }],
  }
  const script = failing(down, { kind: 'first', count: 3 })
  const told = await text(simulationOf(spec, { a: script }, sequence(4)))
  expect(told).toMatch(/^4 requests in \d+ms, one after another$/m)
  expect(told).toMatch(/^ {2}failed +4 {3}503 ×4$/m)
  expect(told).toMatch(/^ {2}latency {3}p50 \S+ {3}p95 \S+ {3}p99 \S+ {3}max \S+$/m)
  expect(told).toMatch(/^ {2}upstream {2}3 requests for 4 legs: amplification 0\.75$/m)
  expect(told).toMatch(/^a +4 +3 +1 +0 +0 {2}503 ×3, circuit_open ×2$/m)
  expect(told).toMatch(/^a circuit: open at \S+$/m)
})

test('the body of an envelope is shown leg by leg, without what the legs said', async () => {
  const upstreams = [a, { name: 'b', url: 'http://b.example' }]
  const told = await text(simulationOf({ upstreams }, { a: delayed(1), b: delayed(1) }))
  expect(told).toMatch(/^ {2}\{"route":"default\/r","status":"success","results":\{$/m)
  expect(told).toMatch(/^ {4}"a":\{"role":"Required","outcome":"success".*"body":…\},$/m)
  expect(told).toMatch(/^ {4}"b":\{.*"body":…\}\}\}$/m)
})

test('a report is data that JSON can carry', async () => {
  const told = await reported(simulationOf({ upstreams: [a] }, { a: delayed(1) }))
  expect(JSON.parse(JSON.stringify(told))).toMatchObject({
    route: 'default/r',
    request: { method: 'GET', path: '/', host: 'localhost' },
    requests: 1,
    outcomes: { success: { 200: 1 } },
    legs: [{ name: 'a', offered: 1, sent: 1, results: { 200: 1 } }],
    waterfalls: [{ number: 1, tries: [{ leg: 'a', number: 1, kind: 'first', status: 200, error: '' }] }],
  })
})
