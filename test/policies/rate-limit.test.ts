import { describe, expect, test } from 'vitest'
import { relayError } from '../../src/core/errors.ts'
import type { Limit } from '../../src/core/limit.ts'
import { rateLimit } from '../../src/policies/rate-limit.ts'
import { TokenBucket } from '../../src/policies/token-bucket.ts'
import { FakeClock } from '../support/fake-clock.ts'
import {
  aContext,
  aRequest,
  brief,
  manualUpstream,
  policyObserver,
  settled,
} from './support/manual-upstream.ts'

interface Options {
  readonly onLimit?: 'Fail' | 'Wait'
  readonly limit?: Limit
}

/** One token every 100 ms and none in stock after the first. */
const start = ({ onLimit = 'Wait', limit }: Options = {}) => {
  const clock = new FakeClock()
  const observer = policyObserver()
  const { call, sent } = manualUpstream()
  const bucket = new TokenBucket({ requests: 10, intervalMs: 1000, burst: 1, now: clock.now })
  const limited = rateLimit({ limit: limit ?? bucket, onLimit, clock, observer })(call)
  const send = (path = '/', withinMs = Number.POSITIVE_INFINITY) => {
    const context = aContext(clock.now() + withinMs)
    const answer = limited(aRequest(path), context)
    return { context, answer, cancel: () => context.running!.cancel(relayError('client_cancelled', 'left')) }
  }
  const paths = () => sent.map(({ request }) => request.path)
  return { clock, observer, bucket, call, limited, sent, send, paths }
}

describe('rateLimit', () => {
  test('passes the very promise of the call on when there is a token', () => {
    const clock = new FakeClock()
    const bucket = new TokenBucket({ requests: 1, intervalMs: 1000, burst: 1, now: clock.now })
    const outcome = new Promise<never>(() => {})
    const observer = policyObserver()
    const limited = rateLimit({ limit: bucket, onLimit: 'Wait', clock, observer })(() => outcome)
    expect(limited(aRequest(), aContext())).toBe(outcome)
    expect(clock.armed).toBe(0)
  })
})

describe('onLimit: Fail', () => {
  test('refuses at once and says when there is a token', async () => {
    const { clock, observer, send, sent } = start({ onLimit: 'Fail' })
    send()
    clock.advance(40)
    expect(await send().answer).toEqual({
      kind: 'failure',
      error: { token: 'rate_limited', detail: expect.any(String), unsent: true, retryAfterMs: 60 },
    })
    expect(sent).toHaveLength(1)
    expect(observer.events).toEqual(['rateLimited', 'refused rate_limited'])
  })

  test('sends again when the token is there', () => {
    const { clock, send, sent } = start({ onLimit: 'Fail' })
    send()
    clock.advance(100)
    send()
    expect(sent).toHaveLength(2)
  })
})

describe('onLimit: Wait', () => {
  test('sends in the order of arrival, each with its own token', () => {
    const { clock, observer, send, paths } = start()
    for (const path of ['/a', '/b', '/c']) send(path)
    expect(observer.waiting.now).toBe(2)
    clock.advance(99)
    expect(paths()).toEqual(['/a'])
    clock.advance(1)
    expect(paths()).toEqual(['/a', '/b'])
    clock.advance(100)
    expect(paths()).toEqual(['/a', '/b', '/c'])
    expect(observer.waiting.now).toBe(0)
    expect(observer.events).toEqual([])
    expect(clock.armed).toBe(0)
  })

  test('hands the outcome on', async () => {
    const { clock, send, sent } = start()
    send()
    const { answer, context } = send()
    clock.advance(100)
    expect(context.running).toBe(sent[1])
    sent[1]!.head(204)
    expect(brief(await answer)).toBe('204')
  })

  test('refuses at once when the wait would pass the deadline', async () => {
    const { observer, send, sent } = start()
    send()
    send('/', 100)
    const { answer } = send('/', 199)
    expect(await answer).toMatchObject({ error: { token: 'rate_limited', unsent: true, retryAfterMs: 200 } })
    expect(observer.events).toEqual(['rateLimited', 'refused rate_limited'])
    expect(observer.waiting.now).toBe(1)
    expect(sent).toHaveLength(1)
  })

  test('one timer serves all who wait', () => {
    const { clock, send } = start()
    for (let i = 0; i < 50; i++) send()
    expect(clock.armed).toBe(1)
  })

  test('a wait longer than a system timer can take is taken up again', () => {
    const clock = new FakeClock()
    const days = 40 * 86_400_000
    const timers: number[] = []
    const after = (ms: number, callback: () => void) => {
      timers.push(ms)
      return clock.after(ms, callback)
    }
    const limit = new TokenBucket({ requests: 1, intervalMs: days, burst: 1, now: clock.now })
    const { call, sent } = manualUpstream()
    const limited = rateLimit({
      limit,
      onLimit: 'Wait',
      clock: { now: clock.now, after },
      observer: policyObserver(),
    })(call)
    void limited(aRequest(), aContext())
    void limited(aRequest(), aContext())
    clock.advance(days - 1)
    expect(sent).toHaveLength(1)
    clock.advance(1)
    expect(sent).toHaveLength(2)
    expect(Math.max(...timers)).toBeLessThan(2 ** 31)
  })
})

describe('cancelling a try that waits', () => {
  test('ends it with that failure, gives the token back and clears the timer', async () => {
    const { clock, observer, bucket, send, sent } = start()
    send()
    const { answer, context, cancel } = send()
    cancel()
    expect(await answer).toEqual({
      kind: 'failure',
      error: relayErrorOf('client_cancelled', 'left'),
    })
    expect(context.running).toBeUndefined()
    expect(observer.waiting.now).toBe(0)
    expect(observer.events).toEqual(['refused client_cancelled'])
    expect(clock.armed).toBe(0)
    expect(bucket.reserve(1000)).toBe(100)
    clock.advance(1000)
    expect(sent).toHaveLength(1)
  })

  test('lets those behind it move up', () => {
    const { clock, send, paths } = start()
    send('/a')
    const b = send('/b')
    for (const path of ['/c', '/d']) send(path)
    b.cancel()
    clock.advance(100)
    expect(paths()).toEqual(['/a', '/c'])
    send('/e')
    clock.advance(100)
    expect(paths()).toEqual(['/a', '/c', '/d'])
    clock.advance(100)
    expect(paths()).toEqual(['/a', '/c', '/d', '/e'])
  })

  test('twice, or after it was sent, does nothing more', async () => {
    const { clock, observer, bucket, send, sent } = start()
    send()
    const first = send()
    const second = send()
    const waiting = first.context.running!
    const sentLater = second.context.running!
    waiting.cancel(relayError('client_cancelled', 'left'))
    waiting.cancel(relayError('client_cancelled', 'left'))
    clock.advance(100)
    sentLater.cancel(relayError('client_cancelled', 'left'))
    await settled()
    expect(sent).toHaveLength(2)
    expect(sent[1]!.isOver).toBe(false)
    expect(observer.events).toEqual(['refused client_cancelled'])
    expect(observer.waiting.now).toBe(0)
    expect(bucket.reserve(1000)).toBe(100)
  })

  test('from within the start of another leaves the line in order', () => {
    const { clock, observer, send, sent, limited } = start()
    send('/a')
    send('/b')
    const c = send('/c')
    const d = send('/d')
    const context = aContext()
    void limited(aRequest('/e'), context)
    // The start of /b takes its place in `sent`; a leg that ends then may cancel others and add new ones.
    const push = sent.push.bind(sent)
    sent.push = (...started) => {
      const length = push(...started)
      if (started[0]!.request.path === '/b') {
        c.cancel()
        d.cancel()
        send('/f')
      }
      return length
    }
    clock.advance(1000)
    expect(sent.map(({ request }) => request.path)).toEqual(['/a', '/b', '/e', '/f'])
    expect(observer.waiting.now).toBe(0)
    expect(clock.armed).toBe(0)
  })
})

test('a try that breaks when its turn has come rejects, and the others go on', async () => {
  const clock = new FakeClock()
  const limit = new TokenBucket({ requests: 10, intervalMs: 1000, burst: 1, now: clock.now })
  const { call, sent } = manualUpstream()
  const limited = rateLimit({ limit, onLimit: 'Wait', clock, observer: policyObserver() })(
    (request, context) => {
      if (request.path === '/broken') throw new Error('defect')
      return call(request, context)
    },
  )
  void limited(aRequest(), aContext())
  const broken = limited(aRequest('/broken'), aContext())
  void limited(aRequest(), aContext())
  clock.advance(200)
  await expect(broken).rejects.toThrow('defect')
  expect(sent).toHaveLength(2)
})

describe('a limit that answers later', () => {
  const later = () => {
    const answers: PromiseWithResolvers<number>[] = []
    const asked: number[] = []
    let returned = 0
    const limit: Limit = {
      reserve: maxWaitMs => {
        asked.push(maxWaitMs)
        answers.push(Promise.withResolvers())
        return answers.at(-1)!.promise
      },
      giveBack: () => {
        returned++
      },
    }
    return { ...start({ limit }), answers, asked, returned: () => returned }
  }

  test('sends when it grants, waits when it says so, refuses when it refuses', async () => {
    const { clock, observer, answers, asked, send, paths } = later()
    send('/now', 500)
    send('/later', 500)
    const { answer } = send('/never', 500)
    answers[0]!.resolve(0)
    answers[1]!.resolve(70)
    answers[2]!.resolve(-900)
    expect(await answer).toMatchObject({ error: { token: 'rate_limited', retryAfterMs: 900 } })
    expect(asked).toEqual([500, 500, 500])
    expect(paths()).toEqual(['/now'])
    expect(observer.waiting.now).toBe(1)
    clock.advance(70)
    expect(paths()).toEqual(['/now', '/later'])
    expect(observer.events).toEqual(['rateLimited', 'refused rate_limited'])
    expect(observer.waiting.now).toBe(0)
  })

  test.each([0, 30])('gives a token of %i ms back when the try was cancelled meanwhile', async granted => {
    const { clock, observer, answers, send, sent, returned } = later()
    const { answer, cancel } = send()
    cancel()
    expect(brief(await answer)).toBe('client_cancelled')
    answers[0]!.resolve(granted)
    await settled()
    clock.advance(100)
    expect(returned()).toBe(1)
    expect(sent).toEqual([])
    expect(observer.events).toEqual(['refused client_cancelled'])
    expect(observer.waiting.now).toBe(0)
  })

  test('has nothing to take back when it refused one that was cancelled meanwhile', async () => {
    const { observer, answers, send, returned } = later()
    send().cancel()
    answers[0]!.resolve(-30)
    await settled()
    expect(returned()).toBe(0)
    expect(observer.events).toEqual(['refused client_cancelled'])
  })

  test('keeps the order of tokens when its answers change places', async () => {
    const { clock, answers, send, paths } = later()
    send('/a')
    send('/b')
    answers[1]!.resolve(80)
    answers[0]!.resolve(40)
    await settled()
    clock.advance(40)
    expect(paths()).toHaveLength(1)
    clock.advance(40)
    expect(paths()).toHaveLength(2)
  })

  test('that breaks rejects, and the leg has nothing under way', async () => {
    const { answers, send } = later()
    const { answer, context } = send()
    answers[0]!.reject(new Error('defect'))
    await expect(answer).rejects.toThrow('defect')
    expect(context.running).toBeUndefined()
  })

  test('that breaks after the try was cancelled leaves no rejection behind', async () => {
    const { answers, send } = later()
    const { answer, cancel } = send()
    cancel()
    answers[0]!.reject(new Error('defect'))
    await settled()
    expect(brief(await answer)).toBe('client_cancelled')
  })
})

const relayErrorOf = (token: string, detail: string) => ({ token, detail, cause: undefined, unsent: true })
