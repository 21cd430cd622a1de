import { describe, expect, test } from 'vitest'
import type { RequestHead } from '../../src/relay/request-head.ts'
import { sampler } from '../../src/relay/sample.ts'
import { ask } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startRelay } from '../support/relay.ts'
import { startUpstream } from '../support/upstream.ts'

const headWith = (...headers: string[]) => ({ headers }) as unknown as RequestHead

describe('sampler', () => {
  test.each([
    [0, 0, false],
    [10, 9.99, true],
    [10, 10, false],
    [99, 98.9, true],
  ])('%d percent, draw %d: %s', (percent, draw, expected) => {
    expect(sampler(percent, undefined)(headWith(), draw)).toBe(expected)
  })

  test('the same key gets the same decision whatever the draw', () => {
    const sample = sampler(50, 'x-user')
    for (const user of ['ann', 'bob', 'eve']) {
      const decisions = [0, 25, 75, 99.9].map(draw => sample(headWith('X-User', user), draw))
      expect(new Set(decisions).size).toBe(1)
    }
  })

  test('without its header the draw decides', () => {
    const sample = sampler(50, 'x-user')
    expect([sample(headWith(), 10), sample(headWith(), 90)]).toEqual([true, false])
  })

  test('a key in a smaller percentage is in every larger one', () => {
    for (let i = 0; i < 1000; i++) {
      const head = headWith('x-user', `user-${i}`)
      if (sampler(10, 'x-user')(head, 0)) expect(sampler(30, 'x-user')(head, 0)).toBe(true)
    }
  })

  test.each([
    ['numbers', (i: number) => String(i)],
    ['ids with a long common part', (i: number) => `customer-0000-${i}`],
    ['hexadecimal ids', (i: number) => (i * 2654435761).toString(16)],
  ])('keys spread evenly: %s', (_kind, key) => {
    for (const percent of [1, 10, 50, 90]) {
      const sample = sampler(percent, 'x-user')
      let taken = 0
      for (let i = 0; i < 20_000; i++) if (sample(headWith('x-user', key(i)), 0)) taken++
      const expected = 200 * percent
      // Five standard deviations of a fair draw: these keys are fixed, so the result is too.
      expect(Math.abs(taken - expected)).toBeLessThan(5 * Math.sqrt(expected * (1 - percent / 100)) + 1)
    }
  })
})

describe('shadows', () => {
  const open = closing()
  const startShadows = async (shadows: readonly object[]) => {
    const main = open(await startUpstream())
    const copies = await Promise.all(shadows.map(() => startUpstream()))
    const upstreams = [
      { name: 'main', url: main.url },
      ...shadows.map((shadow, i) => ({
        name: `s${i}`,
        url: open(copies[i]!).url,
        role: 'Shadow',
        ...shadow,
      })),
    ]
    return { relay: open(await startRelay({ r: { upstreams } })), copies, main }
  }

  test('without percent every request is copied, with 0 none', async () => {
    const { relay, copies } = await startShadows([{}, { percent: 100 }, { percent: 0 }])
    for (let i = 0; i < 10; i++) await ask(relay)
    await eventually(() => expect(copies.map(copy => copy.received.length)).toEqual([10, 10, 0]))
    expect(relay.observer.skipped).toEqual([])
  })

  test('with one key all shadows get the same requests', async () => {
    const by = { percent: 50, sampleBy: { header: 'X-User' } }
    const { relay, copies, main } = await startShadows([by, by])
    for (let i = 0; i < 40; i++) await ask(relay, { path: `/${i % 20}`, headers: { 'x-user': `u${i % 20}` } })
    const paths = () => copies.map(copy => copy.received.map(({ url }) => url).sort())
    await eventually(() => expect(relay.observer.inFlight.attempts).toBe(0))
    expect(main.received.length).toBe(40)
    expect(paths()[0]).toEqual(paths()[1])
    const seen = new Set(paths()[0])
    expect(seen.size).toBeGreaterThan(3)
    expect(seen.size).toBeLessThan(17)
    // Each key was asked for twice: both or none.
    expect(paths()[0]!.length).toBe(2 * seen.size)
  })

  test('without a key shadows of one percentage still get the same requests', async () => {
    const { relay, copies } = await startShadows([{ percent: 50 }, { percent: 50 }])
    for (let i = 0; i < 40; i++) await ask(relay, { path: `/${i}` })
    await eventually(() => expect(relay.observer.inFlight.attempts).toBe(0))
    const [a, b] = copies.map(copy => copy.received.map(({ url }) => url).sort())
    expect(a).toEqual(b)
  })
})
