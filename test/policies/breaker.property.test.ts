import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Breaker, type BreakerSettings } from '../../src/policies/breaker.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** The rules in their plainest form: everything is remembered, everything is counted again each time. */
class Model {
  state: 'closed' | 'open' | 'half_open' = 'closed'
  states: string[] = []
  period = {}
  results: { at: number; failed: boolean }[] = []
  probes: ('out' | 'success')[] = []
  openUntil = 0
  probedAt = 0
  readonly settings: BreakerSettings
  readonly now: () => number

  constructor(settings: BreakerSettings, now: () => number) {
    this.settings = settings
    this.now = now
  }

  enter(state: Model['state']): void {
    if (state !== this.state) this.states.push(state)
    this.state = state
    this.period = {}
    this.results = []
    this.probes = []
    this.openUntil = this.now() + this.settings.openMs
  }

  look(): void {
    if (this.state === 'open' && this.now() >= this.openUntil) this.enter('half_open')
  }

  refuses(): boolean {
    this.look()
    if (this.state === 'closed') return false
    return this.state === 'open' || (this.probes.length >= this.settings.halfOpenRequests && !this.areLost())
  }

  areLost(): boolean {
    return this.now() - this.probedAt >= this.settings.openMs
  }

  admit(): object | undefined {
    if (this.refuses()) return undefined
    if (this.state === 'half_open') {
      if (this.probes.length >= this.settings.halfOpenRequests) {
        this.probes = []
        this.period = {}
      }
      this.probes.push('out')
      this.probedAt = this.now()
    }
    return this.period
  }

  report(ticket: object, result: 'success' | 'failure' | 'cancelled'): void {
    if (ticket !== this.period) return
    if (this.state === 'half_open') this.probed(result)
    else if (result !== 'cancelled') this.counted(result === 'failure')
  }

  probed(result: 'success' | 'failure' | 'cancelled'): void {
    this.probes.splice(this.probes.indexOf('out'), 1)
    if (result === 'failure') return this.enter('open')
    if (result === 'success') this.probes.push('success')
    const successes = this.probes.filter(probe => probe === 'success').length
    if (successes === this.settings.halfOpenRequests) this.enter('closed')
  }

  counted(failed: boolean): void {
    const { consecutiveFailures, failurePercent, minimumRequests, windowMs } = this.settings
    this.results.push({ at: this.now(), failed })
    if (!failed) return
    const lastSuccess = this.results.findLastIndex(result => !result.failed)
    const inRow = this.results.length - 1 - lastSuccess
    const slot = (at: number) => Math.floor(at / (windowMs / 10))
    const recent = this.results.filter(({ at }) => slot(at) > slot(this.now()) - 10)
    const failures = recent.filter(result => result.failed).length
    const byRow = consecutiveFailures > 0 && inRow >= consecutiveFailures
    const byShare =
      failurePercent > 0 &&
      recent.length >= minimumRequests &&
      (failures / recent.length) * 100 >= failurePercent
    if (byRow || byShare) this.enter('open')
  }
}

const settings = fc.record({
  consecutiveFailures: fc.integer({ min: 0, max: 3 }),
  failurePercent: fc.constantFrom(0, 1, 25, 50, 100),
  minimumRequests: fc.integer({ min: 1, max: 6 }),
  windowMs: fc.constantFrom(100, 1000),
  openMs: fc.constantFrom(20, 100),
  halfOpenRequests: fc.integer({ min: 1, max: 3 }),
})

/** Most results are those of the newest ticket, otherwise nearly all would come too late to count. */
const report = fc.record({
  do: fc.constantFrom('success' as const, 'success' as const, 'failure' as const, 'cancelled' as const),
  pick: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat() }),
})

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('admit' as const) }) },
  { weight: 5, arbitrary: report },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 9, 10, 20, 90, 100, 300),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ask' as const) }) },
)

test('decides as the plain model does, whatever comes in whatever order', () => {
  fc.assert(
    fc.property(settings, fc.array(step, { minLength: 40, maxLength: 200, size: 'max' }), (given, steps) => {
      const clock = new FakeClock()
      const model = new Model(given, clock.now)
      const states: string[] = []
      const breaker = new Breaker(given, { now: clock.now, onState: state => states.push(state) })
      const open: { ticket: number; modelled: object }[] = []
      const said: (string | boolean)[] = []
      const expected: (string | boolean)[] = []
      for (const action of steps) {
        if (action.do === 'wait') clock.advance(action.ms)
        else if (action.do === 'ask') {
          said.push(breaker.refuses(), breaker.state)
          expected.push(model.refuses(), model.state)
        } else if (action.do === 'admit') {
          const ticket = breaker.admit()
          const modelled = model.admit()
          said.push(ticket !== 0)
          expected.push(modelled !== undefined)
          if (modelled) open.push({ ticket, modelled })
        } else if (open.length > 0) {
          const place = action.pick < 0 ? -1 : action.pick % open.length
          const [{ ticket, modelled }] = open.splice(place, 1) as [(typeof open)[0]]
          model.report(modelled, action.do)
          if (action.do === 'success') breaker.succeeded(ticket)
          else if (action.do === 'failure') breaker.failed(ticket)
          else breaker.cancelled(ticket)
        }
      }
      expect(said).toEqual(expected)
      expect(states).toEqual(model.states)
    }),
    { numRuns: 400 },
  )
})
