import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { TimerList } from '../../src/core/timer-list.ts'
import { Budget } from '../../src/relay/budget.ts'
import type { Exchange } from '../../src/relay/exchange.ts'
import { Upload } from '../../src/relay/upload.ts'
import { eventually } from '../support/eventually.ts'

const start = (limit: number, declared: number | undefined) => {
  const source = new PassThrough()
  const result: { body?: Buffer; overflow?: readonly Buffer[]; calls: number } = { calls: 0 }
  // Just what an Upload asks of its exchange.
  const exchange = {
    request: source as unknown as IncomingMessage,
    route: { maxBodyBytes: limit, onOversize: 'StreamAll', answer: { from: -1 } },
    head: { contentLength: declared },
    answered: false,
    now: () => 0,
    parts: {
      stalled: new TimerList(systemClock, 60_000),
      budget: new Budget({ maxInFlight: 1, maxBufferedBytes: 1000 }),
    },
    reserve: () => true,
    fanOut: (body: Buffer | null) => {
      result.body = body ?? Buffer.alloc(0)
      result.calls++
    },
    fanOutStreamed: (_tee: unknown, chunks: readonly Buffer[]) => {
      result.overflow = chunks
      result.calls++
    },
  } as unknown as Exchange
  new Upload(exchange).receive({ expectsContinue: false, startedAt: 0 })
  return { source, result }
}

describe('Upload', () => {
  test('a body in one piece is passed on as it is, not copied', async () => {
    const { source, result } = start(10, 5)
    const chunk = Buffer.from('hello')
    source.write(chunk)
    await eventually(() => expect(result.body).toBe(chunk))
  })

  test('is there with the last declared byte, before the end of the stream', async () => {
    const { source, result } = start(10, 5)
    source.write('he')
    source.write('llo')
    await eventually(() => expect(result.body?.toString()).toBe('hello'))
    source.end()
    await eventually(() => expect(source.readableEnded).toBe(true))
    expect(result.calls).toBe(1)
  })

  test('a chunked body is there with its end, be it empty', async () => {
    const { source, result } = start(10, undefined)
    source.end()
    await eventually(() => expect(result.body?.length).toBe(0))
    const other = start(10, undefined)
    other.source.write('he')
    other.source.end('llo')
    await eventually(() => expect(other.result.body?.toString()).toBe('hello'))
  })

  test('one byte over the limit hands over what was read, paused, and says nothing more', async () => {
    const { source, result } = start(5, undefined)
    source.write('hello')
    source.write('!')
    source.end('more')
    await eventually(() => expect(Buffer.concat([...result.overflow!]).toString()).toBe('hello!'))
    expect(source.isPaused()).toBe(true)
    source.resume()
    await eventually(() => expect(source.readableEnded).toBe(true))
    expect([result.calls, result.body]).toEqual([1, undefined])
  })
})
