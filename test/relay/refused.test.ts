import { expect, test } from 'vitest'
import type { ExchangeSummary } from '../../src/core/observer.ts'
import { ask, json } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { exchangeRaw } from '../support/raw-client.ts'
import { startRelay } from '../support/relay.ts'
import { startUpstream } from '../support/upstream.ts'

const open = closing()

const start = async () => {
  const lines: ExchangeSummary[] = []
  const accessLog = {
    wants: () => true,
    wantsLeg: () => true,
    exchange: (line: ExchangeSummary) => lines.push(line),
    lateLeg: () => {},
  }
  const a = open(await startUpstream())
  const specs = {
    good: { matches: [{ path: { value: '/good' } }], upstreams: [{ name: 'a', url: a.url }] },
    bad: { matches: [{ path: { value: '/bad' } }], upstreams: [{ name: 'a' }] },
  }
  return { lines, relay: open(await startRelay(specs, { accessLog, valid: false })) }
}

test.each([
  ['no route', '/none', 404, 'unmatched', ''],
  ['an invalid route', '/bad', 503, 'rejected', 'default/bad'],
  ['a path that is refused', '/good/%2e%2e/x', 400, 'unmatched', ''],
])('a request with %s has its line in the access log, and its id in the answer', async (...row) => {
  const [, path, status, outcome, route] = row
  const { lines, relay } = await start()
  const answer = await ask(relay, { path })
  expect(answer.status).toBe(status)
  const { requestId } = json(answer)
  expect(answer.header('x-request-id')).toBe(requestId)
  await eventually(() => expect(lines).toMatchObject([{ requestId, status, outcome, route }]))
})

test('what is not HTTP at all is counted', async () => {
  const { relay } = await start()
  const answer = await exchangeRaw(relay.port, 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(answer.status).toBe(400)
  expect(relay.observer.exchanges).toMatchObject([{ route: '', status: 400, outcome: 'unmatched' }])
})
