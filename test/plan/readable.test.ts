import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { mutationsOf } from '../cluster/support/mutations.ts'
import { readInput, routeObject, snapshotOf } from './snapshot.ts'

const folder = join(import.meta.dirname, 'testdata')
const validSpecs = readdirSync(folder)
  .filter(file => /^valid-.*\.in\.yaml$/.test(file))
  .flatMap(file => {
    const { routes } = readInput(file, readFileSync(join(folder, file), 'utf8')).snapshot
    return routes.map(({ id, object }) => ({
      name: `${id} of ${file}`,
      spec: (object as { spec: object }).spec,
    }))
  })

const errorsOf = (spec: unknown): readonly string[] =>
  planRoutes(snapshotOf([{ ...routeObject('orders'), spec }]))
    .problems.filter(({ severity }) => severity === 'error')
    .map(({ code }) => code)

const ofSchema = new Set(['FR0002', 'FR0003', 'FR0004', 'FR0005', 'FR0006', 'FR0048'])

describe('rules beside what breaks the schema', () => {
  it.each(validSpecs)('say nothing about what stands in for a broken field of $name', ({ spec }) => {
    const brokenOnes = mutationsOf(spec)
      .map(mutation => ({ name: mutation.name, errors: errorsOf(mutation.spec) }))
      .filter(({ errors }) => errors.some(code => ofSchema.has(code) && code !== 'FR0048'))
    expect(brokenOnes.length).toBeGreaterThan(5)
    // Nothing is wrong with the other fields.
    expect(brokenOnes.filter(({ errors }) => errors.some(code => !ofSchema.has(code)))).toEqual([])
  })

  it('judge the fields that are all right', () => {
    const upstreams = [{ name: 'a', url: 'http://a', retry: { attempts: 20, codes: [404] }, percent: 5 }]
    expect(errorsOf({ upstreams }).toSorted()).toEqual(['FR0005', 'FR0011', 'FR0050'])
    expect(errorsOf({ upstreams, limits: 1, response: { success: 'Quorum' } }).toSorted()).toEqual([
      'FR0004',
      'FR0005',
      'FR0011',
      'FR0021',
      'FR0050',
    ])
  })

  it('cost no more for a route of which very much is broken', () => {
    const start = performance.now()
    const codes = Array<string>(50_000).fill('x')
    errorsOf({ retry: { codes }, upstreams: Array(2000).fill({ name: 1, retry: { codes: ['x'] } }) })
    expect(performance.now() - start).toBeLessThan(3000)
  })
})
