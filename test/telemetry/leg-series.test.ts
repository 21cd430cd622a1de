import { expect, test } from 'vitest'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { parseExposition, sampleValue } from './parse-exposition.ts'

const build = { version: '0', revision: '', node: '26' }

test('a leg that found no room for a series has it as soon as others go', async () => {
  const metrics = new Metrics({ build, runtime: 'off', maxSeries: 40 })
  const leg = metrics.leg('a/b', 'c', 'Required')
  for (let index = 0; index < 40; index += 1) metrics.route(`a/${index}`)
  const countOne = async () => {
    leg.started()
    leg.ended(200, '', 1)
    leg.skipped('limit')
    const samples = parseExposition(await metrics.render('text'), 'text')
    const counted = (name: string) => ({
      own: sampleValue(samples, name, { upstream: 'c' }),
      other: sampleValue(samples, name, { upstream: 'other' }),
    })
    return [counted('fanout_upstream_requests_total'), counted('fanout_upstream_skipped_total')]
  }
  expect(await countOne()).toEqual(Array(2).fill({ own: undefined, other: 1 }))
  metrics.retain([{ id: 'a/b', legs: [{ name: 'c', role: 'Required' }] }])
  await metrics.render('text')
  expect(await countOne()).toEqual(Array(2).fill({ own: 1, other: 1 }))
})
