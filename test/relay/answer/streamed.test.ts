import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { ask, json, requestBytes } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { gate } from '../../support/gate.ts'
import { RawClient } from '../../support/raw-client.ts'
import { startRelay } from '../../support/relay.ts'
import { startRawUpstream, startUpstream } from '../../support/upstream.ts'

const open = closing()

const relayTo = async (urls: readonly string[], response: object, more: object = {}) => {
  const upstreams = urls.map((url, i) => ({ name: 'abc'[i], url }))
  return open(await startRelay({ r: { upstreams, response, ...more } }))
}

const primary = { success: 'Primary', from: 'a' }
const first = { success: 'First' }

/** Hands every response over to the test. */
const startHeld = async () => {
  const held: ServerResponse[] = []
  const upstream = open(await startUpstream((_received, response) => held.push(response)))
  const next = () => eventually(() => held.shift() ?? Promise.reject(new Error('no request yet')))
  return { ...upstream, next }
}

/** Sends `size` bytes with `status` as fast as they are taken. */
const startEndless = async (size: number, status = 200) => {
  let sent = 0
  const upstream = open(
    await startUpstream((_r, answer) => {
      answer.writeHead(status, { 'content-length': size })
      const more = (): void => {
        while (sent < size) {
          const part = Buffer.alloc(Math.min(64 * 1024, size - sent))
          sent += part.length
          if (!answer.write(part)) return
        }
        answer.end()
      }
      answer.on('drain', more)
      more()
    }),
  )
  /** Resolves once nothing more is taken for a while. */
  const stalled = async (): Promise<void> => {
    for (let before = -1; before !== sent || sent === 0; ) {
      before = sent
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  return { ...upstream, sent: () => sent, stalled }
}

const isAborted = (response: ServerResponse) =>
  eventually(() => expect([response.destroyed, response.writableFinished]).toEqual([true, false]))

describe.each([
  ['Primary', primary],
  ['First', first],
])('%s', (_name, response) => {
  test('passes an event on before the upstream sends the next one', async () => {
    const a = await startHeld()
    const relay = await relayTo([a.url], response)
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes())
    const stream = await a.next()
    stream.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      stream.write(event)
      await eventually(() => expect(client.received.toString()).toContain(event))
    }
    stream.end()
    expect(await client.response()).toMatchObject({ complete: true, status: 200 })
  })

  test('passes the head on before there is a body (long poll)', async () => {
    const a = await startHeld()
    const relay = await relayTo([a.url], response)
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes())
    const stream = await a.next()
    stream.writeHead(200, { 'x-from': 'a' })
    stream.flushHeaders()
    await eventually(() => expect(client.received.toString()).toContain('x-from: a'))
    stream.end('late')
    expect((await client.response()).body.toString()).toBe('late')
  })

  test('passes a large body through unchanged', async () => {
    const body = Buffer.alloc(3_000_000, 'relay')
    const a = open(await startUpstream((_r, answer) => answer.writeHead(200).end(body)))
    const relay = await relayTo([a.url], response)
    const answer = await ask(relay)
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect(hash(answer.body)).toBe(hash(body))
  })

  test.each([
    ['Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
    ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['a cut chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nhalf'],
  ])('an answer cut short aborts the client: %s', async (_framing, bytes) => {
    const sent = gate()
    const a = open(
      await startRawUpstream(socket => {
        socket.write(bytes)
        void sent.passed.then(() => socket.destroy())
      }),
    )
    const relay = await relayTo([a.url], response)
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes())
    await eventually(() => expect(client.received.toString()).toContain('half'))
    sent.open()
    const answer = await client.response()
    expect(answer).toMatchObject({ status: 200, complete: false })
    expect(answer.body.toString()).not.toContain('0\r\n\r\n')
    await eventually(() => expect(relay.observer.exchanges).toMatchObject([{ outcome: 'failed' }]))
    expect(relay.observer.legs).toMatchObject([{ error: 'http_response_incomplete' }])
  })

  test('an answer cut short at once never ends clean', async () => {
    const a = open(
      await startRawUpstream(socket => {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
      }),
    )
    const relay = await relayTo([a.url], response)
    const answer = await ask(relay)
    // Whether the head had gone out by then is a matter of timing; a whole 200 would be wrong in any case.
    expect(answer.complete && answer.status === 200).toBe(false)
    if (answer.complete) expect(json(answer).code).toBe('http_response_incomplete')
    expect(relay.observer.defects).toEqual([])
  })

  test('a slow caller holds the upstream back instead of filling memory', async () => {
    const a = await startEndless(50_000_000)
    const relay = await relayTo([a.url], response)
    const client = open(await RawClient.connect(relay.port))
    client.socket.pause()
    client.send(requestBytes())
    await a.stalled()
    expect(a.sent()).toBeLessThan(25_000_000)
    let got = 0
    client.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
      got += chunk.length
    })
    client.socket.resume()
    await eventually(() => expect(got).toBeGreaterThan(50_000_000))
  })
})

describe('Primary', () => {
  test('answers when the primary has, while the other legs run on to their end', async () => {
    const [a, b] = [await startHeld(), await startHeld()]
    const relay = await relayTo([a.url, b.url], primary)
    const answer = ask(relay, { method: 'POST', body: 'x' })
    const slow = await b.next()
    ;(await a.next()).end('from a')
    expect((await answer).body.toString()).toBe('from a')
    slow.end('later')
    await eventually(() =>
      expect(relay.observer.legs).toMatchObject([{ leg: 'a' }, { leg: 'b', status: 200 }]),
    )
  })

  test('takes the answer of the primary, however late', async () => {
    const [a, b] = [await startHeld(), await startHeld()]
    const relay = await relayTo([a.url, b.url], primary)
    const answer = ask(relay)
    ;(await b.next()).end('from b')
    await eventually(() => expect(relay.observer.legs).toMatchObject([{ leg: 'b' }]))
    ;(await a.next()).writeHead(404).end('from a')
    expect(await answer).toMatchObject({ status: 404, body: Buffer.from('from a') })
  })

  test('does not read a spare leg slower than it comes, nor keep it', async () => {
    const size = 5_000_000
    const a = await startHeld()
    const b = open(await startUpstream((_r, answer) => answer.end(Buffer.alloc(size))))
    const relay = await relayTo([a.url, b.url], primary)
    const answer = ask(relay)
    await eventually(() => expect(relay.observer.legs).toMatchObject([{ leg: 'b', error: '' }]))
    expect(relay.budget.bufferedBytes).toBe(0)
    ;(await a.next()).end()
    await answer
  })
})

describe('First', () => {
  test('the first success wins, losers are cancelled and their connections closed', async () => {
    const [a, b, c] = [await startHeld(), await startHeld(), await startHeld()]
    const relay = await relayTo([a.url, b.url, c.url], first)
    const answer = ask(relay, { method: 'POST', body: 'x' })
    const [winner, hung, started] = [await b.next(), await a.next(), await c.next()]
    winner.writeHead(200)
    winner.write('from ')
    await isAborted(hung)
    await isAborted(started)
    winner.end('b')
    expect(await answer).toMatchObject({ status: 200, body: Buffer.from('from b') })
    await eventually(() => expect([a.openSockets(), c.openSockets()]).toEqual([0, 0]))
    await eventually(() => expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 }))
    expect(relay.tables.current!.users).toBe(0)
  })

  test('a refusal waits for somebody to succeed', async () => {
    const [a, b] = [await startHeld(), await startHeld()]
    const relay = await relayTo([a.url, b.url], first)
    const client = open(await RawClient.connect(relay.port))
    client.send(requestBytes())
    ;(await a.next()).writeHead(404).end('from a')
    const winner = await b.next()
    expect(client.received.length).toBe(0)
    winner.end('from b')
    expect(await client.response()).toMatchObject({ status: 200, body: Buffer.from('from b') })
    await eventually(() => expect(relay.observer.inFlight.attempts).toBe(0))
  })

  test('with nobody succeeding the first refusal is passed on whole', async () => {
    const [a, b] = [await startHeld(), await startHeld()]
    const relay = await relayTo([a.url, b.url], first)
    const answer = ask(relay)
    const later = await a.next()
    const body = Buffer.alloc(300_000, 'b')
    ;(await b.next()).writeHead(403, { 'x-from': 'b' }).end(body)
    await eventually(() => expect(b.received.length).toBe(1))
    await new Promise(resolve => setImmediate(resolve))
    later.writeHead(500, { 'x-from': 'a' }).end('from a')
    const { status, header, body: got } = await answer
    expect(header('x-fanout-status')).toBe('failed')
    expect(['a', 'b']).toContain(header('x-from'))
    expect([status, got.length]).toEqual(header('x-from') === 'b' ? [403, body.length] : [500, 6])
    await eventually(() => expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 }))
    expect(relay.tables.current!.users).toBe(0)
  })

  test('a refusal beats an upstream that cannot be reached', async () => {
    const a = open(await startUpstream((_r, answer) => answer.writeHead(401).end('who?')))
    const relay = await relayTo(['http://127.0.0.1:1', a.url], first)
    expect(await ask(relay)).toMatchObject({ status: 401, body: Buffer.from('who?') })
  })

  test('a refusal that hangs in the middle ends with the deadline of the route', async () => {
    const a = open(
      await startUpstream((_r, answer) => {
        answer.writeHead(500, { 'content-length': 100 })
        answer.write('half')
      }),
    )
    const relay = await relayTo([a.url], first, { timeouts: { request: '300ms' } })
    const answer = await ask(relay)
    expect(answer.complete).toBe(false)
    await eventually(() => expect(relay.tables.current!.users).toBe(0))
    expect(relay.observer.legs).toMatchObject([{ error: 'deadline_exceeded' }])
  })

  test('a refusal that was cut short while it waited becomes a problem document, not an abort', async () => {
    const a = open(
      await startRawUpstream(socket => {
        socket.end('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 100\r\n\r\nhalf')
      }),
    )
    const b = await startHeld()
    const relay = await relayTo([a.url, b.url], first)
    const answer = ask(relay)
    await eventually(() => expect(relay.observer.legs).toMatchObject([{ error: 'http_response_incomplete' }]))
    ;(await b.next()).destroy()
    const { status, complete, ...rest } = await answer
    expect([status, complete]).toEqual([502, true])
    expect(json({ status, complete, ...rest }).code).toMatch(/http_response_incomplete|connection_terminated/)
  })

  test('a large refusal that waits is not read into memory', async () => {
    const a = await startEndless(50_000_000, 500)
    const b = await startHeld()
    const relay = await relayTo([a.url, b.url], first)
    const answer = ask(relay)
    await a.stalled()
    expect(a.sent()).toBeLessThan(25_000_000)
    ;(await b.next()).end('from b')
    expect((await answer).body.toString()).toBe('from b')
    await eventually(() => expect([relay.observer.inFlight.attempts, a.openSockets()]).toEqual([0, 0]))
  })

  test('refusals of several upstreams leave nothing behind', async () => {
    const refusing = () => startUpstream((_r, answer) => answer.writeHead(500).end(Buffer.alloc(200_000)))
    const [a, b, c] = [open(await refusing()), open(await refusing()), open(await refusing())]
    const relay = await relayTo([a.url, b.url, c.url], first)
    for (let i = 0; i < 20; i++) expect((await ask(relay)).body.length).toBe(200_000)
    await eventually(() => expect(relay.observer.inFlight).toEqual({ requests: 0, attempts: 0 }))
    expect(relay.tables.current!.users).toBe(0)
    for (const name of 'abc') expect(relay.legStates.get('default/r', name, true).inFlight).toBe(0)
  })
})
