import { expect, test } from 'vitest'
import { Recorder } from '../../src/simulate/recorder.ts'
import { tryHeader } from '../../src/simulate/try-header.ts'

test('a retry that begins after the answer is still seen to arrive', () => {
  let now = 0
  const recorder = new Recorder(() => now)
  const copies = recorder.leg('r', 'copy', 'Shadow')
  const record = recorder.begin(1)
  const span = recorder.tracing.request('GET', 'r', [tryHeader, '1'])
  const attempt = (number: number) =>
    span.attempt({ upstream: 'copy', role: 'Shadow', method: 'GET', number })
  attempt(1).end(503, 'http_status')
  recorder.answered(record, {
    atMs: 0,
    status: 200,
    outcome: 'success',
    complete: true,
    headers: [],
    body: '',
  })
  now = 100
  copies.retried('http_status')
  const second = attempt(2)
  now = 130
  recorder.arrived('copy', { request: 1, number: 2 })
  now = 150
  second.end(200, '')
  expect(
    record.tries.map(({ kind, startMs, arrivedMs, endMs }) => [kind, startMs, arrivedMs, endMs]),
  ).toEqual([
    ['first', 0, undefined, 0],
    ['retry', 100, 130, 150],
  ])
})
