import { expect, test } from 'vitest'
import { ask } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { eventually } from '../../support/eventually.ts'
import { startRelay } from '../../support/relay.ts'
import { startHeldUpstream, startUpstream } from '../../support/upstream.ts'

const open = closing()

const entries = (timing: string | undefined): readonly string[] =>
  (timing ?? '').split(', ').map(entry => entry.replace(/dur=[0-9.]+/, 'dur'))

test.each([
  ['Primary', { success: 'Primary', from: 'a' }, 'a;dur'],
  ['First', { success: 'First' }, 'a;dur'],
  ['Any, body Upstream', { success: 'Any', body: 'Upstream', from: 'a' }, 'a;dur'],
  ['Quorum, body Upstream', { success: 'Quorum', quorum: 1, body: 'Upstream', from: 'a' }, 'a;dur'],
])('%s: a leg that is still running has its entry', async (_name, response, answered) => {
  const a = open(await startUpstream((_r, answer) => answer.end('from a')))
  const b = open(await startHeldUpstream())
  const copy = open(await startUpstream())
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', url: b.url },
    { name: 'copy', url: copy.url, role: 'Shadow' },
  ]
  const relay = open(await startRelay({ r: { upstreams, response } }))
  const answer = await ask(relay, { method: 'POST', body: 'x' })
  expect(answer.body.toString()).toBe('from a')
  // A streamed answer may go out before its own end: then its leg is pending as well.
  const [own, other, ...rest] = entries(answer.header('server-timing'))
  expect([answered, 'a;desc="pending"']).toContain(own)
  expect([other, rest]).toEqual(['b;desc="pending"', []])
})

test('legs that were cancelled or skipped are described by their outcome', async () => {
  const a = open(await startUpstream((_r, answer) => answer.end('{}')))
  const [b, c] = [open(await startHeldUpstream()), open(await startUpstream())]
  const first = { success: 'First', body: 'Envelope' }
  const primary = { success: 'Primary', from: 'a', body: 'Envelope' }
  const relay = open(
    await startRelay({
      cancelled: {
        matches: [{ path: { type: 'Exact', value: '/first' } }],
        upstreams: [
          { name: 'a', url: a.url },
          { name: 'b', url: b.url },
        ],
        response: first,
      },
      skipped: {
        matches: [{ path: { type: 'Exact', value: '/large' } }],
        limits: { maxBodySize: '10', onOversize: 'StreamPrimary' },
        upstreams: [
          { name: 'a', url: a.url },
          { name: 'c', url: c.url, role: 'Optional' },
        ],
        response: primary,
      },
    }),
  )
  const raced = await ask(relay, { method: 'POST', path: '/first', body: 'x' })
  expect(entries(raced.header('server-timing'))).toEqual(['a;dur', 'b;dur;desc="cancelled"'])
  const large = await ask(relay, { method: 'POST', path: '/large', body: 'x'.repeat(100) })
  expect(entries(large.header('server-timing'))).toEqual(['a;dur', 'c;desc="skipped"'])
})

test('an answer from memory has the same entries, without times', async () => {
  const a = open(await startUpstream())
  const copy = open(await startUpstream())
  const upstreams = [
    { name: 'a', url: a.url },
    { name: 'b', url: a.url },
    { name: 'copy', url: copy.url, role: 'Shadow' },
  ]
  const relay = open(await startRelay({ r: { upstreams, idempotencyKey: {} } }))
  const request = { method: 'POST', body: 'x', headers: { 'idempotency-key': 'k' } }
  expect(entries((await ask(relay, request)).header('server-timing'))).toEqual(['a;dur', 'b;dur'])
  await eventually(() =>
    expect(relay.observer.policies).toContainEqual(expect.objectContaining({ detail: 'stored' })),
  )
  const again = await ask(relay, request)
  expect(again.header('idempotent-replayed')).toBe('true')
  expect(again.all('server-timing')).toEqual(['a;desc="replayed", b;desc="replayed"'])
})
