import type { Socket } from 'node:net'
import { expect } from 'vitest'
import { exchangeRaw, RawClient, type RawResponse } from '../support/raw-client.ts'
import { startRelay, type TestRelay } from '../support/relay.ts'
import { type RawUpstream, startRawUpstream } from '../support/upstream.ts'

/** A relay with one route for everything, to one upstream whose answer is passed on. */
export const relayTo = (url: string, route: object = {}): Promise<TestRelay> =>
  startRelay({ all: { upstreams: [{ name: 'primary', url }], ...route } })

/** A request as bytes: start line, a valid Host, further field lines, body. */
export const message = (startLine: string, fields: readonly string[] = [], body = ''): string =>
  `${[startLine, 'Host: relay.local', ...fields].join('\r\n')}\r\n\r\n${body}`

/** What an attacker hides behind a message that two parsers read differently. Not safe, so it would be sent. */
export const smuggled = message('POST /smuggled HTTP/1.1', ['Content-Length: 0'])

/**
 * Sends the bytes with a hidden request behind them and returns the one answer. The connection must have ended
 * after it, and no attempt may have been made for any of the bytes.
 */
export const sendHostile = async ({ port, observer }: TestRelay, bytes: string): Promise<RawResponse> => {
  const attempts = observer.legs.length
  const client = await RawClient.connect(port)
  const answer = await client.send(bytes + smuggled).response()
  client.socket.end()
  await client.untilClosed()
  expect(client.received.length, 'nothing follows the refusal').toBe(0)
  expect(answer.header('connection')).toBe('close')
  expect(observer.legs.length + observer.inFlight.attempts, 'attempts made').toBe(attempts)
  return answer
}

export const problemOf = (answer: RawResponse): { code: string; detail: string } => {
  expect(answer.header('content-type')).toBe('application/problem+json')
  return JSON.parse(answer.body.toString()) as { code: string; detail: string }
}

export interface ScriptedUpstream extends RawUpstream {
  /** Answers the next requests with exactly these bytes, or by a function of the socket. */
  answer(reply: string | ((socket: Socket) => void)): void
}

/** Says what it is told to each request; to `GET /ok` always a plain 200. Reads no bodies. */
export const startScripted = async (): Promise<ScriptedUpstream> => {
  let reply: string | ((socket: Socket) => void) = plainOk
  const answered = new WeakMap<Socket, number>()
  const upstream = await startRawUpstream((socket, received) => {
    const requests = received.split(' HTTP/1.1\r\n')
    const done = answered.get(socket) ?? 0
    if (requests.length - 1 <= done || !received.endsWith('\r\n\r\n')) return
    answered.set(socket, requests.length - 1)
    if (requests.at(-2)!.endsWith('GET /ok')) socket.write(plainOk)
    else if (typeof reply === 'string') socket.write(Buffer.from(reply, 'latin1'))
    else reply(socket)
  })
  return {
    ...upstream,
    answer: next => {
      reply = next
    },
  }
}

const plainOk = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** After whatever happened before, the next request is answered as if nothing had. */
export const expectNextIsFine = async (port: number): Promise<void> => {
  const next = await exchangeRaw(port, message('GET /ok HTTP/1.1'))
  expect([next.status, next.body.toString(), next.complete]).toEqual([200, 'ok', true])
}

/** Values of a field as the upstream received them, from a flat list. */
export const valuesOf = (rawHeaders: readonly string[], name: string): string[] =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name)
