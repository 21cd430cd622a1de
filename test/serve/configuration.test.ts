import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RouteResource, RouteSnapshot } from '../../src/api/snapshot.ts'
import { systemClock } from '../../src/core/clock.ts'
import { Timers } from '../../src/core/timer-list.ts'
import { Registry } from '../../src/policies/registry.ts'
import { LegStates } from '../../src/relay/leg-states.ts'
import { TableHolder } from '../../src/relay/table-holder.ts'
import { Configuration } from '../../src/serve/configuration.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { Pools } from '../../src/upstream/pools.ts'
import { routeObject } from '../plan/snapshot.ts'
import { recorder } from '../support/recorder.ts'

const bad: RouteResource = {
  id: 'shop/bad',
  namespace: 'shop',
  name: 'bad',
  object: routeObject('bad', { upstreams: [{ name: 'nowhere' }] }),
}
const snapshot = (backends: RouteSnapshot['backends']): RouteSnapshot => ({
  routes: [bad],
  backends,
  problems: [],
})

describe('a first snapshot without a valid route', () => {
  let pools: Pools
  let configuration: Configuration

  beforeEach(() => {
    pools = new Pools()
    const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const tableParts = {
      pools,
      legStates: new LegStates(),
      registry: new Registry(),
      timers: new Timers(systemClock),
      observer: recorder(),
    }
    const metrics = new Metrics({ build: { version: '0', revision: '', node: '0' } })
    configuration = new Configuration({ tables: new TableHolder(), tableParts, metrics, logger })
  })
  afterEach(() => pools.destroy())

  it('leaves a relay of files unready: its rollout is to stop here', () => {
    configuration.take(snapshot(new Map()))
    expect(configuration.isServable).toBe(false)
    expect(configuration.readiness).toMatch(/^refused/)
  })

  it('keeps no application of a cluster waiting: the status of the route says it', () => {
    configuration.take(snapshot(undefined))
    expect(configuration.isServable).toBe(true)
    expect(configuration.lastReload?.result).toBe('rejected')
  })
})
