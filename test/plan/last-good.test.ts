import { describe, expect, it } from 'vitest'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { routeObject, snapshotOf } from './snapshot.ts'

const good = routeObject('orders')
const bad = routeObject('orders', { upstreams: [] })

describe('an invalid route', () => {
  it('is served as it was for as long as it stays invalid, over any number of plans', () => {
    const first = planRoutes(snapshotOf([good])).plan
    const second = planRoutes(snapshotOf([bad]), first)
    const third = planRoutes(snapshotOf([bad]), second.plan)
    expect(third.lastGood).toEqual(['shop/orders'])
    expect(third.plan).toEqual(first)
    expect(third.problems.map(({ code }) => code)).toEqual(['FR0005'])
  })

  it('is served as it was while its id is defined twice', () => {
    const first = planRoutes(snapshotOf([good])).plan
    const { plan, lastGood, problems } = planRoutes(snapshotOf([good, good]), first)
    expect([plan, lastGood]).toEqual([first, ['shop/orders']])
    expect(problems.map(({ code }) => code)).toEqual(['FR0007', 'FR0007'])
  })

  it('is broken when no version of it was ever served', () => {
    const first = planRoutes(snapshotOf([bad])).plan
    const second = planRoutes(snapshotOf([bad]), first)
    expect(second.lastGood).toEqual([])
    expect(second.plan.routes.map(({ kind }) => kind)).toEqual(['broken'])
  })

  it('is replaced when it is valid again', () => {
    const first = planRoutes(snapshotOf([good])).plan
    const mended = routeObject('orders', { matches: [{ path: { value: '/mended' } }] })
    const { plan, lastGood } = planRoutes(snapshotOf([mended]), planRoutes(snapshotOf([bad]), first).plan)
    expect(lastGood).toEqual([])
    expect(plan.routes[0]?.matches[0]?.path.value).toBe('/mended')
  })

  it('does not tell a caller what stands in the route', () => {
    const secret = routeObject('orders', { upstreams: [{ name: 'a', url: 'http://internal.example:0' }] })
    const { plan } = planRoutes(snapshotOf([secret]))
    expect(JSON.stringify(plan)).not.toContain('internal.example')
  })

  it('passes on what was found while reading', () => {
    const problem = { severity: 'warning', code: 'FR0111', message: 'no routes found' } as const
    expect(planRoutes({ ...snapshotOf([]), problems: [problem] }).problems).toEqual([problem])
  })
})
