import type { Bench } from '../bench.ts'
import { freePorts, loopback } from '../process/ports.ts'
import { divide } from '../report/ratio.ts'
import { startScripted } from '../upstreams/scripted.ts'
import { type Answer, askMany, askSteadily } from './resilience-client.ts'
import { byTurns, clientP99, turnMs, turnWarmUpMs } from './resilience-latency.ts'
import { type RelayWithRoutes, type Specs, startRelayWith, warmUpOn } from './resilience-relay.ts'
import { Rounds, type Row, rowsOf } from './resilience-row.ts'

const states = ['healthy', 'slow', 'hung', 'dead'] as const
type State = (typeof states)[number]

const rules = ['Primary', 'First', 'Any', 'Quorum', 'All'] as const
type Rule = (typeof rules)[number]
const pathOf = (rule: Rule, state: State) => `/${rule.toLowerCase()}-${state}`

const slowMs = 1000
/** A slow upstream answers too late for one attempt, and all attempts end with this. */
const timeouts = { request: '1500ms', backendRequest: '700ms' }
const endMs = 1500
const backgroundRate = 100

interface Variant {
  readonly whose: 'another route' | 'primary'
  /** Of the one sick upstream. */
  readonly state: State
  /** The healthy one is measured twice: how far the two are apart is noise. */
  readonly again?: boolean
}

const variants: readonly Variant[] = (['another route', 'primary'] as const).flatMap(whose => [
  { whose, state: 'healthy', again: true },
  ...states.map(state => ({ whose, state })),
])
/** Nothing of it goes on after its answer: a quick run has no time to wait for that. */
const hasEnded = (state: State): boolean => state === 'healthy' || state === 'dead'
const situationOf = ({ whose, state, again }: Variant) =>
  `${whose}, upstream ${state}${again ? ' again' : ''}`

/** R13: one sick upstream, what the others' callers notice, and whether each rule answers as it says. */
export async function isolation(bench: Bench): Promise<Row[]> {
  const upstreams = await startScripted(bench.cores, ['fast', `late:${slowMs}`, 'hung'])
  const [healthy = 0, slow = 0, hung = 0] = upstreams.ports
  const [dead = 0] = await freePorts(1)
  const relay = await startRelayWith(bench, routes(bench.fast.ports[0] ?? 0, { healthy, slow, hung, dead }))
  const p99 = new Rounds()
  const noise = new Rounds()
  const growth = new Rounds()
  try {
    await warmUpOn(bench, relay, {
      method: 'GET',
      paths: [
        '/other',
        ...states.filter(hasEnded).flatMap(state => [pathOf('Primary', state), `/sick-${state}`]),
      ],
    })
    for (let round = 0; round < bench.settings.rounds; round += 1) {
      const taking = bench.settings.quick ? variants.filter(({ state }) => hasEnded(state)) : variants
      const measured = await byTurns(bench, taking, variant => measure(bench, relay, variant))
      for (const [variant, value] of measured) {
        const base = variants.find(
          ({ whose, state, again }) => whose === variant.whose && state === 'healthy' && !again,
        )
        p99.add(situationOf(variant), value)
        if (variant === base) continue
        const ratio = divide(value, measured.get(base!)) ?? Number.NaN
        ;(variant.again ? noise : growth).add(situationOf(variant), ratio)
      }
    }
    return [
      ...rowsOf('R13 client p99', p99, { unit: 'ms' }),
      ...rowsOf('R13 p99 ÷ healthy, noise', noise, {}),
      ...rowsOf('R13 p99 ÷ healthy', growth, { atMost: 1.1 }),
      ...rowsOf('R13 answers not as the rule says', await wrongAnswers(relay), { atMost: 0, never: true }),
    ]
  } finally {
    await relay.stop()
    await upstreams.stop()
  }
}

function routes(well: number, sick: Readonly<Record<State, number>>): Specs {
  const leg = (name: string, port: number) => ({ name, url: `http://${loopback}:${port}` })
  const specs: Record<string, object> = { other: { upstreams: [leg('well', well)] } }
  for (const state of states) {
    const ill = leg('ill', sick[state])
    const policies = { timeouts, retry: { attempts: 1 } }
    specs[`sick-${state}`] = { ...policies, upstreams: [ill] }
    for (const rule of rules) {
      const legs = [leg('well', well), { ...ill, role: rule === 'All' ? 'Required' : 'Optional' }]
      specs[pathOf(rule, state).slice(1)] = {
        ...policies,
        upstreams: rule === 'Quorum' ? [...legs, leg('third', well)] : legs,
        response: {
          success: rule,
          body: 'Upstream',
          ...(rule === 'First' ? {} : { from: 'well' }),
          ...(rule === 'Quorum' ? { quorum: 2 } : {}),
        },
      }
    }
  }
  return specs
}

/** Client p99 while a route of its own keeps asking the sick upstream. */
async function measure(bench: Bench, relay: RelayWithRoutes, { whose, state }: Variant): Promise<number> {
  const path = whose === 'primary' ? pathOf('Primary', state) : '/other'
  const durationMs = turnWarmUpMs(bench) + turnMs(bench)
  const [p99] = await Promise.all([
    clientP99(bench, relay, { method: 'GET', path }),
    // Resolves when the last of them has its answer, so that one state does not reach into the next.
    askSteadily({ port: relay.port, path: `/sick-${state}` }, { ratePerSecond: backgroundRate, durationMs }),
  ])
  return p99
}

/** `All` fails with the sick leg; every other rule is met by the healthy ones, and before the sick leg ends. */
async function wrongAnswers({ port }: RelayWithRoutes): Promise<Rounds> {
  const wrong = new Rounds()
  const check = async (rule: Rule, state: State): Promise<void> => {
    const fails = rule === 'All' && state !== 'healthy'
    const isRight = ({ status, ms }: Answer) =>
      fails ? status >= 502 && status <= 504 && ms < endMs + 100 : status === 200 && ms < slowMs
    const answers = await askMany(10, { port, path: pathOf(rule, state) })
    wrong.add('all rules, all states', answers.filter(answer => !isRight(answer)).length)
  }
  for (const state of states) await Promise.all(rules.map(rule => check(rule, state)))
  return wrong
}
