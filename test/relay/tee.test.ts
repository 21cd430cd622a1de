import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { PassThrough, type Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { copyLagBytes, Tee } from '../../src/relay/tee.ts'
import { eventually } from '../support/eventually.ts'

const start = ({ readers, first = [] }: { readers: readonly ('awaited' | 'copy')[]; first?: Buffer[] }) => {
  const source = Object.assign(new PassThrough({ highWaterMark: 16 * 1024 }), { socket: new EventEmitter() })
  const tee = new Tee(source as unknown as IncomingMessage, undefined)
  const events: string[] = []
  const bodies = readers.map((kind, i) =>
    tee.reader({ awaited: kind === 'awaited', onLag: () => events.push(`lag ${i}`) }),
  )
  const streams = bodies.map(body => body.open().on('error', () => {}))
  tee.start(first, { onCut: () => events.push('cut'), onDeserted: () => events.push('deserted') })
  return { source, bodies, streams, events }
}

const read = async (stream: Readable): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

describe('Tee', () => {
  test('gives every reader what was read before and all that follows', async () => {
    const { source, streams } = start({ readers: ['awaited', 'copy'], first: [Buffer.from('one ')] })
    source.write('two ')
    source.end('three')
    expect(await Promise.all(streams.map(read))).toEqual(['one two three', 'one two three'])
  })

  test('shares the bytes instead of copying them', async () => {
    const chunk = Buffer.from('shared')
    const { streams } = start({ readers: ['awaited', 'copy'], first: [chunk] })
    expect(
      streams.map(stream => stream.read() as Buffer).every(({ buffer }) => buffer === chunk.buffer),
    ).toBe(true)
  })

  test('the slowest awaited reader pauses the source, and sets it free again', async () => {
    const { source, streams } = start({ readers: ['awaited', 'awaited'] })
    streams[0]!.resume()
    source.write(Buffer.alloc(100_000))
    await eventually(() => expect(source.isPaused()).toBe(true))
    streams[1]!.resume()
    await eventually(() => expect(source.isPaused()).toBe(false))
  })

  test('a copy does not pause the source; beyond its lag it is dropped once, the others go on', async () => {
    const { source, streams, events } = start({ readers: ['awaited', 'copy', 'copy'] })
    const [awaited, , quick] = streams.map(stream => stream.resume())
    streams[1]!.pause()
    for (let sent = 0; sent < 2 * copyLagBytes; sent += 32 * 1024) source.write(Buffer.alloc(32 * 1024))
    source.end()
    await eventually(() => expect(awaited!.readableEnded && quick!.readableEnded).toBe(true))
    expect(events).toEqual(['lag 1'])
    expect(streams[1]!.destroyed).toBe(true)
  })

  test('a reader that closes no longer gates', async () => {
    const { source, bodies, streams } = start({ readers: ['awaited', 'awaited'] })
    streams[0]!.resume()
    source.write(Buffer.alloc(100_000))
    await eventually(() => expect(source.isPaused()).toBe(true))
    bodies[1]!.close()
    await eventually(() => expect(source.isPaused()).toBe(false))
  })

  test('says once when nobody is left, and lets the rest flow', async () => {
    const { source, bodies, events } = start({ readers: ['awaited', 'copy'] })
    for (const body of bodies) body.close()
    source.write('rest')
    await eventually(() => expect(events).toEqual(['deserted']))
    expect(source.isPaused()).toBe(false)
  })

  test('says when the connection closes early, but not after the end', async () => {
    const early = start({ readers: ['awaited'] })
    early.source.write('part')
    early.source.socket.emit('close')
    expect(early.events).toEqual(['cut'])
    const whole = start({ readers: ['awaited'] })
    whole.streams[0]!.resume()
    whole.source.end('all')
    await eventually(() => expect(whole.streams[0]!.readableEnded).toBe(true))
    whole.source.socket.emit('close')
    expect(whole.events).toEqual([])
  })
})
