import { describe, expect, test } from 'vitest'
import type { RememberedAnswer } from '../../../src/relay/idempotency/answers.ts'
import { replay } from '../../../src/relay/idempotency/replay.ts'
import type { RelayParts } from '../../../src/relay/parts.ts'
import { closing } from '../../support/cleanup.ts'
import type { RawResponse } from '../../support/raw-client.ts'
import { ReplyServer } from './reply-server.ts'

const track = closing()

interface Case extends Partial<Omit<RememberedAnswer, 'body'>> {
  readonly body?: string
  readonly method?: string
  readonly draining?: boolean
}

const replayed = async ({ method = 'POST', draining = false, ...stored }: Case): Promise<RawResponse> => {
  const { client, request, response } = await track(await new ReplyServer().listen()).ask(method)
  const parts = { draining: () => draining } as RelayParts
  const { status = 200, headers = [], body = '' } = stored
  replay({ parts, request, response }, { status, headers, body: Buffer.from(body) }, 'second', [
    'crm',
    'shop',
  ])
  return client.response({ method })
}

describe('replay', () => {
  test('repeats status, headers and body, and says so', async () => {
    const headers = ['ETag', '"1"', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Length', '2']
    const answer = await replayed({ status: 201, headers, body: 'ok' })
    expect(answer.status).toBe(201)
    expect(answer.header('etag')).toBe('"1"')
    expect(answer.all('set-cookie')).toEqual(['a=1', 'b=2'])
    expect(answer.body.toString()).toBe('ok')
    expect(answer.header('idempotent-replayed')).toBe('true')
  })

  test('leaves out what belonged to the first exchange', async () => {
    const date = 'Thu, 01 Jan 1970 00:00:00 GMT'
    const first = ['Connection', 'close', 'Keep-Alive', 'timeout=99', 'X-Request-Id', 'first']
    const headers = [...first, 'Server-Timing', 'crm;dur=38', 'DATE', date]
    const answer = await replayed({ headers })
    expect(answer.all('x-request-id')).toEqual(['second'])
    expect(answer.all('server-timing')).toEqual(['crm;desc="replayed", shop;desc="replayed"'])
    expect(answer.all('connection')).not.toContain('close')
    expect(answer.all('keep-alive')).not.toContain('timeout=99')
    expect(answer.all('date')).toHaveLength(1)
    expect(answer.header('date')).not.toBe(date)
  })

  test('an answer that was streamed comes with its length', async () => {
    const answer = await replayed({ body: 'one two' })
    expect(answer.all('content-length')).toEqual(['7'])
    expect(answer.all('transfer-encoding')).toEqual([])
    expect(answer.body.toString()).toBe('one two')
  })

  test('an empty answer has the length 0', async () =>
    expect((await replayed({})).all('content-length')).toEqual(['0']))

  test.each([204, 304])('a %i has neither body nor length', async status => {
    const answer = await replayed({ status })
    expect(answer.status).toBe(status)
    expect(answer.all('content-length')).toEqual([])
    expect(answer.complete).toBe(true)
    expect(answer.rest.length).toBe(0)
  })

  test('an answer to HEAD keeps the length it spoke of', async () => {
    const answer = await replayed({ method: 'HEAD', headers: ['Content-Length', '5000'] })
    expect(answer.all('content-length')).toEqual(['5000'])
    expect(answer.body.length + answer.rest.length).toBe(0)
  })

  test('a relay that stops ends the connection', async () =>
    expect((await replayed({ draining: true })).all('connection')).toEqual(['close']))
})
