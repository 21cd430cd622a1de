import { expect, test } from 'vitest'
import { ask } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startRelay } from '../support/relay.ts'
import { abortMany, abortRoutes, startSlowUpstream } from './aborting-clients.ts'

const open = closing()

// `scripts/abort-test.ts` does the same with ten thousand clients and the relay as a process of its own.
test.each([1, 2, 3])('300 clients that leave at any byte leave nothing behind (seed %i)', async seed => {
  const upstreams = [
    open(await startSlowUpstream(1)),
    open(await startSlowUpstream(2)),
    open(await startSlowUpstream(3)),
  ]
  const relay = open(await startRelay(abortRoutes([upstreams[0]!.url, upstreams[1]!.url, upstreams[2]!.url])))
  const left = await abortMany({ port: relay.port, count: 300, seed, concurrency: 32 })
  expect(Math.min(...Object.values(left))).toBeGreaterThan(30)
  await eventually(() => {
    expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 })
    expect([relay.budget.inFlight, relay.budget.bufferedBytes, relay.tables.inUse]).toEqual([0, 0, 0])
  }, 10_000)
  expect(relay.observer.defects).toEqual([])
  for (const path of ['/primary', '/first', '/envelope', '/stream']) {
    const answer = await ask(relay, { method: 'POST', path, body: 'x' })
    expect([200, 207, 502, 503]).toContain(answer.status)
    expect(answer.complete).toBe(true)
  }
})
