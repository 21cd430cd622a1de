import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { RememberedAnswer } from '../../../src/relay/idempotency/answers.ts'
import { RecordedReply, type Recording, type Reply } from '../../../src/relay/idempotency/recorded-reply.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { ReplyServer } from './reply-server.ts'

const track = closing()

const start = async (method = 'POST', options: Partial<Omit<Recording, 'entry'>> = {}) => {
  const asked = await track(await new ReplyServer().listen()).ask(method)
  const ends: ('abandoned' | RememberedAnswer)[] = []
  const reply = new RecordedReply(asked.response, {
    entry: { finish: answer => ends.push(answer), abandon: () => ends.push('abandoned') },
    isFinal: status => status < 500,
    maxBodyBytes: 1024 * 1024,
    reserve: () => true,
    ...options,
  })
  return { ...asked, reply, ends }
}

const remembered = (ends: readonly ('abandoned' | RememberedAnswer)[]): RememberedAnswer => {
  expect(ends).toHaveLength(1)
  if (ends[0] === 'abandoned') throw new Error('abandoned')
  return ends[0]!
}

test('a ServerResponse is a Reply, so that routes without keys use it as it is', async () => {
  const { response } = await start()
  const reply: Reply = response satisfies ServerResponse
  expect(reply.headersSent).toBe(false)
})

describe('while the caller is there', () => {
  test('a short answer reaches caller and record', async () => {
    const { client, reply, ends } = await start()
    reply.writeHead(201, ['ETag', '"1"', 'Content-Length', '2'])
    reply.end(Buffer.from('ok'))
    const answer = await client.response()
    expect([answer.status, answer.header('etag'), answer.body.toString()]).toEqual([201, '"1"', 'ok'])
    expect(remembered(ends)).toEqual({
      status: 201,
      headers: ['ETag', '"1"', 'Content-Length', '2'],
      body: Buffer.from('ok'),
    })
  })

  test('a streamed answer goes out as it comes, and is recorded whole', async () => {
    const { client, reply, ends } = await start()
    reply.writeHead(200, [])
    reply.flushHeaders()
    await eventually(() => expect(client.received.toString()).toContain('200 OK'))
    reply.write(Buffer.from('one '))
    await eventually(() => expect(client.received.toString()).toContain('one '))
    expect(ends).toEqual([])
    reply.write(Buffer.from('two '))
    reply.end(Buffer.from('three'))
    expect((await client.response()).body.toString()).toBe('one two three')
    expect(remembered(ends).body.toString()).toBe('one two three')
  })

  test('the record has memory of its own, of just its size', async () => {
    const { reply, ends } = await start()
    const chunk = Buffer.from('ok')
    reply.writeHead(200, [])
    reply.end(chunk)
    const { body } = remembered(ends)
    expect(body.buffer).not.toBe(chunk.buffer)
    expect(body.buffer.byteLength).toBe(2)
  })

  test('shows what has been sent', async () => {
    const { reply } = await start()
    const seen = () => [reply.headersSent, reply.writableEnded, reply.destroyed]
    expect(seen()).toEqual([false, false, false])
    reply.writeHead(200, [])
    expect(seen()).toEqual([true, false, false])
    reply.end()
    expect(seen()).toEqual([true, true, false])
  })

  test('a caller that reads slowly is waited for', async () => {
    const { client, reply, response } = await start('POST', { maxBodyBytes: 1 })
    client.socket.pause()
    reply.writeHead(200, [])
    const chunk = Buffer.alloc(1024 * 1024)
    while (reply.write(chunk));
    let drained = 0
    reply.once('drain', () => drained++)
    client.socket.resume()
    await eventually(() => expect(drained).toBe(1))
    const closed = once(response, 'close')
    reply.destroy()
    await closed
    expect(drained).toBe(1)
  })
})

describe('when the caller has left', () => {
  test('before the head: the whole answer is recorded', async () => {
    const { reply, response, ends, leave } = await start()
    await leave()
    expect([reply.headersSent, reply.destroyed]).toEqual([false, false])
    reply.writeHead(201, ['ETag', '"1"'])
    reply.flushHeaders()
    expect([reply.headersSent, response.headersSent]).toEqual([true, false])
    expect(reply.write(Buffer.alloc(100_000, 'x'))).toBe(true)
    reply.end(Buffer.from('end'))
    const { status, headers, body } = remembered(ends)
    expect([status, headers, body.length]).toEqual([201, ['ETag', '"1"'], 100_003])
  })

  test('in the middle: what went out and what follows are recorded as one', async () => {
    const { reply, ends, leave } = await start()
    reply.writeHead(200, [])
    reply.write(Buffer.from('one '))
    await leave()
    expect(reply.write(Buffer.from('two '))).toBe(true)
    reply.end()
    expect(remembered(ends).body.toString()).toBe('one two ')
  })

  test('whoever waits for it to read goes on, once', async () => {
    const { client, reply, ends, leave } = await start('POST', { maxBodyBytes: 1024 ** 3 })
    client.socket.pause()
    reply.writeHead(200, [])
    const chunk = Buffer.alloc(1024 * 1024)
    let bytes = chunk.length
    while (reply.write(chunk)) bytes += chunk.length
    let drained = 0
    reply.once('drain', () => drained++)
    await leave()
    expect(drained).toBe(1)
    expect(reply.write(chunk)).toBe(true)
    reply.end()
    expect(drained).toBe(1)
    expect(remembered(ends).body.length).toBe(bytes + chunk.length)
  })
})

describe('what is not remembered', () => {
  test.each([500, 502, 504])('a %i', async status => {
    const { client, reply, ends } = await start()
    reply.writeHead(status, [])
    expect(ends).toEqual([])
    reply.end(Buffer.from('failed'))
    expect(ends).toEqual(['abandoned'])
    expect((await client.response()).status).toBe(status)
  })

  test('an answer that is cut', async () => {
    const { client, reply, ends } = await start()
    reply.writeHead(200, [])
    reply.write(Buffer.from('half'))
    reply.destroy()
    reply.end(Buffer.from(' whole'))
    expect(reply.destroyed).toBe(true)
    expect(ends).toEqual(['abandoned'])
    expect((await client.response()).complete).toBe(false)
  })

  test('a body that turns out longer than the limit; its key is held until its end', async () => {
    const { client, reply, ends } = await start('POST', { maxBodyBytes: 10 })
    reply.writeHead(200, [])
    reply.write(Buffer.alloc(6, 'a'))
    reply.write(Buffer.alloc(6, 'b'))
    expect(ends).toEqual([])
    reply.end(Buffer.from('c'))
    expect(ends).toEqual(['abandoned'])
    expect((await client.response()).body.toString()).toBe('aaaaaabbbbbbc')
  })

  test('a body of just the limit is remembered', async () => {
    const { reply, ends } = await start('POST', { maxBodyBytes: 10 })
    reply.writeHead(200, ['Content-Length', '10'])
    reply.end(Buffer.alloc(10))
    expect(remembered(ends).body.length).toBe(10)
  })

  test('a body that is declared longer than the limit: none of it is kept', async () => {
    const reserved: number[] = []
    const reserve = (bytes: number) => reserved.push(bytes) > 0
    const { reply, ends } = await start('POST', { maxBodyBytes: 10, reserve })
    reply.writeHead(200, ['content-length', '11'])
    reply.write(Buffer.alloc(6))
    reply.end(Buffer.alloc(5))
    expect(reserved).toEqual([])
    expect(ends).toEqual(['abandoned'])
  })

  test('a body for which the process has no memory', async () => {
    const reserve = (bytes: number) => bytes < 8
    const { client, reply, ends } = await start('POST', { reserve })
    reply.writeHead(200, [])
    reply.write(Buffer.alloc(4, 'a'))
    reply.write(Buffer.alloc(8, 'b'))
    reply.end(Buffer.alloc(4, 'c'))
    expect(ends).toEqual(['abandoned'])
    expect((await client.response()).body.toString()).toBe('aaaabbbbbbbbcccc')
  })
})

describe('answers without a body', () => {
  test.each([
    ['HEAD', 200],
    ['POST', 204],
    ['POST', 304],
  ])('%s %i: headers are recorded, and no body', async (method, status) => {
    const { client, reply, ends } = await start(method, { maxBodyBytes: 10 })
    reply.writeHead(status, method === 'HEAD' ? ['Content-Length', '5000'] : [])
    reply.end(Buffer.from('dropped'))
    expect((await client.response({ method })).body.length).toBe(0)
    expect(remembered(ends).body.length).toBe(0)
  })
})
