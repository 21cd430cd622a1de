import { describe, expect, test } from 'vitest'
import { relayError } from '../../src/core/errors.ts'
import { concurrency } from '../../src/policies/concurrency.ts'
import { Semaphore } from '../../src/policies/semaphore.ts'
import {
  aContext,
  aRequest,
  brief,
  manualUpstream,
  policyObserver,
  settled,
} from './support/manual-upstream.ts'

const start = ({ maxParallel = 1, maxPending = 2 } = {}) => {
  const observer = policyObserver()
  const { call, sent } = manualUpstream()
  const semaphore = new Semaphore({ maxParallel, maxPending })
  const limited = concurrency({ semaphore, observer })(call)
  const send = (path = '/') => {
    const context = aContext()
    const answer = limited(aRequest(path), context)
    return { context, answer, cancel: () => context.running!.cancel(relayError('client_cancelled', 'left')) }
  }
  const paths = () => sent.map(({ request }) => request.path)
  return { observer, semaphore, sent, send, paths }
}

describe('a slot', () => {
  test('is held until the answer has been read to its end, not until its head', async () => {
    const { semaphore, send, sent } = start()
    const { answer } = send()
    sent[0]!.head(200)
    expect(await answer).toEqual({ kind: 'response', response: sent[0] })
    expect(semaphore.inUse).toBe(1)
    expect(sent[0]!.listeners).toBe(1)
    sent[0]!.end()
    expect(semaphore.inUse).toBe(0)
  })

  test.each(['http_response_incomplete', 'client_cancelled'] as const)(
    'is free when the answer was cut: %s',
    async token => {
      const { semaphore, send, sent } = start()
      const { answer } = send()
      sent[0]!.head(200)
      await answer
      sent[0]!.end(token)
      expect(semaphore.inUse).toBe(0)
    },
  )

  test('is free when the answer had ended before anybody could ask', async () => {
    const { semaphore, send, sent } = start()
    const { answer } = send()
    sent[0]!.answer(200)
    await answer
    expect(semaphore.inUse).toBe(0)
  })

  test('is free when the request failed or was cancelled', async () => {
    const { semaphore, send, sent } = start()
    const failed = send()
    sent[0]!.fail('connection_refused')
    expect(brief(await failed.answer)).toBe('connection_refused')
    expect(semaphore.inUse).toBe(0)
    const cancelled = send()
    cancelled.cancel()
    expect(brief(await cancelled.answer)).toBe('client_cancelled')
    expect(semaphore.inUse).toBe(0)
  })

  test('is free after a defect, thrown or rejected', async () => {
    const { semaphore, send, sent } = start()
    const { answer } = send()
    sent[0]!.throws(new Error('defect'))
    await expect(answer).rejects.toThrow('defect')
    const thrown = concurrency({ semaphore, observer: policyObserver() })(() => {
      throw new Error('another')
    })
    await expect(thrown(aRequest(), aContext())).rejects.toThrow('another')
    expect(semaphore.inUse).toBe(0)
  })
})

describe('a try without a slot', () => {
  test('waits and is sent in order, as soon as one is free', async () => {
    const { observer, send, sent, paths } = start()
    const a = send('/a')
    const b = send('/b')
    send('/c')
    expect(observer.waiting.now).toBe(2)
    sent[0]!.head(200)
    await a.answer
    expect(paths()).toEqual(['/a'])
    sent[0]!.end()
    expect(paths()).toEqual(['/a', '/b'])
    expect(b.context.running).toBe(sent[1])
    sent[1]!.head(201)
    expect(brief(await b.answer)).toBe('201')
    sent[1]!.end()
    expect(paths()).toEqual(['/a', '/b', '/c'])
    expect(observer.waiting.now).toBe(0)
    expect(observer.events).toEqual([])
  })

  test('is refused when as many wait as may', async () => {
    const { observer, send, sent } = start({ maxPending: 1 })
    send()
    send()
    const refused = await send().answer
    expect(refused).toEqual({
      kind: 'failure',
      error: {
        token: 'connection_limit_reached',
        detail: expect.any(String),
        unsent: true,
        retryAfterMs: 1000,
      },
    })
    expect(sent).toHaveLength(1)
    expect(observer.events).toEqual(['refused connection_limit_reached'])
  })

  test('can be cancelled: it leaves its place and is never sent', async () => {
    const { observer, semaphore, send, sent, paths } = start({ maxPending: 2 })
    send('/a')
    const b = send('/b')
    send('/c')
    b.cancel()
    expect(await b.answer).toMatchObject({ error: { token: 'client_cancelled', unsent: true } })
    expect(b.context.running).toBeUndefined()
    expect(observer.events).toEqual(['refused client_cancelled'])
    expect(observer.waiting.now).toBe(1)
    send('/d')
    for (const i of [0, 1, 2]) {
      sent[i]!.answer(200)
      await settled()
    }
    expect(paths()).toEqual(['/a', '/c', '/d'])
    expect(semaphore.inUse).toBe(0)
  })

  test('that breaks when its turn has come hurts neither the one before nor the one behind', async () => {
    const observer = policyObserver()
    const { call, sent } = manualUpstream()
    const semaphore = new Semaphore({ maxParallel: 1, maxPending: 2 })
    const limited = concurrency({ semaphore, observer })((request, context) => {
      if (request.path === '/broken') throw new Error('defect')
      return call(request, context)
    })
    const first = limited(aRequest(), aContext())
    const broken = limited(aRequest('/broken'), aContext())
    void limited(aRequest('/last'), aContext())
    sent[0]!.answer(200)
    expect(brief(await first)).toBe('200')
    await expect(broken).rejects.toThrow('defect')
    await settled()
    expect(sent.map(({ request }) => request.path)).toEqual(['/', '/last'])
    expect(semaphore.inUse).toBe(1)
  })
})
