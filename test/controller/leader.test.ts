import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runElected } from '../../src/controller/leader.ts'
import type { LeaseClient, LeaseObject, LeaseSpec } from '../../src/controller/lease.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** The lease of an API server: every write raises its version, and a write over an old one fails. */
class Server {
  lease: LeaseObject | undefined
  version = 0
  /** What answers of writes wait for; they have taken effect by then. */
  answers: Promise<void> = Promise.resolve()

  client(isReachable: () => boolean): LeaseClient {
    const reach = (): void => {
      if (!isReachable()) throw new Error('no connection')
    }
    return {
      read: async () => {
        reach()
        return this.lease
      },
      write: async (spec, over) => {
        reach()
        if (over?.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) return undefined
        const written = this.put(spec)
        await this.answers
        return written
      },
    }
  }

  put(spec: LeaseSpec): LeaseObject {
    this.version += 1
    this.lease = {
      metadata: { name: 'lease', namespace: 'system', resourceVersion: String(this.version) },
      spec,
    }
    return this.lease
  }
}

interface Candidate {
  leading: boolean
  /** Times it began to lead. */
  terms: number
  reachable: boolean
  end: () => void
  stop: () => Promise<void>
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('an election', () => {
  let clock: FakeClock
  let server: Server
  let candidates: Candidate[]

  const join = (identity: string): Candidate => {
    const signal = new AbortController()
    const candidate: Candidate = {
      leading: false,
      terms: 0,
      reachable: true,
      end: () => {},
      stop: async () => {
        signal.abort()
        await running
      },
    }
    const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const running = runElected(
      {
        lease: server.client(() => candidate.reachable),
        identity,
        clock,
        logger,
        random: () => 0.5,
        wallClock: () => 0,
      },
      term =>
        new Promise(resolve => {
          candidate.leading = true
          candidate.terms += 1
          candidate.end = () => {
            candidate.leading = false
            resolve()
          }
          term.addEventListener('abort', candidate.end)
        }),
      signal.signal,
    )
    candidates.push(candidate)
    return candidate
  }
  /** Lets time pass in small steps; at none of them do two lead. */
  const pass = async (ms: number, until: () => boolean = () => false): Promise<number> => {
    await settle()
    for (let passed = 0; passed < ms; passed += 100) {
      if (until()) return passed
      clock.advance(100)
      await settle()
      expect(candidates.filter(({ leading }) => leading).length).toBeLessThanOrEqual(1)
    }
    return ms
  }

  beforeEach(() => {
    clock = new FakeClock()
    server = new Server()
    candidates = []
  })
  afterEach(() => {
    for (const candidate of candidates) void candidate.stop()
  })

  it('has one leader, who keeps renewing', async () => {
    const a = join('a')
    await settle()
    const b = join('b')
    await pass(60_000)
    expect([a.terms, b.terms]).toEqual([1, 0])
    expect(server.lease?.spec).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    })
    expect(server.version).toBeGreaterThan(25)
  })

  it('is decided by the version when two write at once', async () => {
    join('a')
    join('b')
    await pass(10_000)
    expect(candidates.map(({ terms }) => terms).sort()).toEqual([0, 1])
  })

  it('passes on at once when the leader stops', async () => {
    const a = join('a')
    await settle()
    const b = join('b')
    await pass(5_000)
    await a.stop()
    expect(server.lease?.spec?.holderIdentity).toBe('')
    expect(await pass(10_000, () => b.leading)).toBeLessThanOrEqual(2_500)
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  })

  it.each([0, 700, 1_300, 1_900])(
    'passes on within 15 s, and never while the old leader leads, when it is cut off after %i ms',
    async offset => {
      const a = join('a')
      await settle()
      const b = join('b')
      await pass(20_000 + offset)
      a.reachable = false
      let ledUntil = 0
      const took = await pass(30_000, () => {
        if (a.leading) ledUntil = clock.now()
        return b.leading
      })
      expect(took).toBeLessThanOrEqual(15_000)
      expect(took).toBeGreaterThan(8_000)
      expect(ledUntil).toBeLessThan(clock.now())
      expect(a.leading).toBe(false)
    },
  )

  it('passes on at once when the leader stops while it renews', async () => {
    const a = join('a')
    await pass(1_900)
    let answer = (): void => {}
    server.answers = new Promise(resolve => {
      answer = resolve
    })
    const { version } = server
    await pass(200)
    expect(server.version).toBe(version + 1)
    const stopped = a.stop()
    await settle()
    // Nothing is written beside the renewal.
    expect(server.version).toBe(version + 1)
    answer()
    await stopped
    expect(server.lease?.spec?.holderIdentity).toBe('')
  })

  it('gives back a lease whose renewal took effect without an answer', async () => {
    const a = join('a')
    await pass(1_900)
    server.answers = Promise.reject(new Error('reset'))
    server.answers.catch(() => {})
    await pass(200)
    server.answers = Promise.resolve()
    await a.stop()
    expect(server.lease?.spec?.holderIdentity).toBe('')
  })

  it('never has two when a replica that was cut off itself comes back just before the leader is', async () => {
    const a = join('a')
    await settle()
    const b = join('b')
    await pass(5_000)
    b.reachable = false
    await pass(14_500)
    b.reachable = true
    await pass(2_500)
    a.reachable = false
    // It knows of no renewal for longer than the lease lasts, and yet the last was a moment ago.
    const took = await pass(20_000, () => b.leading)
    expect([a.leading, b.leading]).toEqual([false, true])
    expect(took).toBeGreaterThan(7_000)
  })

  it('waits a whole duration for a lease that it has never seen change', async () => {
    server.put({ holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.000000Z' })
    const a = join('a')
    const took = await pass(30_000, () => a.leading)
    expect(took).toBeGreaterThanOrEqual(14_900)
    expect(took).toBeLessThanOrEqual(15_200)
  })

  it('outlasts a short outage of the API server', async () => {
    const a = join('a')
    await pass(10_000)
    a.reachable = false
    await pass(7_000)
    a.reachable = true
    await pass(20_000)
    expect([a.leading, a.terms]).toEqual([true, 1])
  })

  it('ends for who finds another name in the lease', async () => {
    const a = join('a')
    await pass(5_000)
    server.put({ holderIdentity: 'usurper', leaseDurationSeconds: 15 })
    await pass(2_200)
    expect(a.leading).toBe(false)
    expect(server.lease?.spec?.holderIdentity).toBe('usurper')
  })

  it('does not spin when leading ends by itself', async () => {
    const a = join('a')
    await settle()
    for (let round = 0; round < 3; round++) {
      a.end()
      await settle()
      expect(a.leading).toBe(false)
      await pass(2_100, () => a.leading)
      expect(a.leading).toBe(true)
    }
    expect(a.terms).toBe(4)
  })
})
