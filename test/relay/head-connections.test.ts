import { expect, test } from 'vitest'
import { ask } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { startRelay } from '../support/relay.ts'
import { startRawUpstream } from '../support/upstream.ts'

const open = closing()

const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'
const real = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nreal'

/** Answers HEAD with a head that speaks of a body, and with what `body` sends of it. */
const startWith = async (head: string, sendsBodyWith: 'nothing' | 'its head' | 'the next answer') =>
  open(
    await startRawUpstream((socket, received) => {
      const requests = received.split('\r\n\r\n').slice(0, -1)
      const [method, before] = [requests.at(-1)!.slice(0, 4), requests.at(-2)?.slice(0, 4)]
      const isLate = before === 'HEAD' && sendsBodyWith === 'the next answer'
      if (method === 'HEAD') socket.write(`${head}${sendsBodyWith === 'its head' ? forged : ''}`)
      else socket.write(`${isLate ? forged : ''}${real}`)
    }),
  )

test.each([
  ['Content-Length', `HTTP/1.1 200 OK\r\nContent-Length: ${forged.length}\r\n\r\n`],
  ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['kept alive', `HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: ${forged.length}\r\n\r\n`],
])('after a HEAD the next request gets its own answer: %s', async (_framing, head) => {
  for (const sendsBodyWith of ['nothing', 'its head', 'the next answer'] as const) {
    const a = await startWith(head, sendsBodyWith)
    const relay = open(await startRelay({ r: { upstreams: [{ name: 'a', url: a.url }] } }))
    for (let i = 0; i < 5; i++) {
      expect(await ask(relay, { method: 'HEAD' })).toMatchObject({ status: 200, rest: Buffer.alloc(0) })
      const { status, body } = await ask(relay)
      expect([status, body.toString()]).toEqual([200, 'real'])
    }
    expect(relay.observer.legs.every(({ error }) => error === '')).toBe(true)
  }
})
