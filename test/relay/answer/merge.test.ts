import { expect, test } from 'vitest'
import { ask } from '../../support/ask.ts'
import { closing } from '../../support/cleanup.ts'
import { startRelay } from '../../support/relay.ts'
import { startUpstream } from '../../support/upstream.ts'

const open = closing()

const mergeOf = async (bodies: readonly (string | Buffer)[], statuses: readonly number[] = []) => {
  const upstreams = []
  for (const [i, body] of bodies.entries()) {
    const upstream = open(
      await startUpstream((_received, response) => response.writeHead(statuses[i] ?? 200).end(body)),
    )
    upstreams.push({ name: 'abc'[i], url: upstream.url })
  }
  const relay = open(await startRelay({ r: { upstreams, response: { success: 'Any', body: 'Merge' } } }))
  const answer = await ask(relay)
  return { status: answer.status, text: answer.body.toString() }
}

test.each([
  ['members stand side by side', ['{"a":1}', '{"b":{"c":2}}'], '{"a":1,"b":{"c":2}}'],
  ['later ones win, in the place of the first', ['{"a":1,"x":1}', '{"a":{"b":2}}'], '{"a":{"b":2},"x":1}'],
  [
    'anything else goes under the name of its leg',
    ['[1,2]', 'plain', '"s"'],
    '{"a":[1,2],"b":"plain","c":"s"}',
  ],
  [
    'a number of many digits under the name of its leg',
    ['12345678901234567890', '1.0'],
    '{"a":12345678901234567890,"b":1.0}',
  ],
  ['null is an answer', ['null', '{}'], '{"a":null}'],
  ['empty answers add nothing', ['', '{"b":1}'], '{"b":1}'],
  [
    'digits are kept',
    ['{"id":12345678901234567890,"deep":[1.0,{"n":-0}]}', '{}'],
    '{"id":12345678901234567890,"deep":[1.0,{"n":-0}]}',
  ],
  [
    '__proto__ is a member like any other',
    ['{"__proto__":{"admin":true}}', '{"x":{"__proto__":1}}'],
    '{"__proto__":{"admin":true},"x":{"__proto__":1}}',
  ],
  ['bytes that are not text become base64', [Buffer.from([0xff, 0xfe]), '{}'], '{"a":"//4="}'],
])('%s', async (_what, bodies, expected) => {
  expect(await mergeOf(bodies)).toEqual({ status: 200, text: expected })
  expect(({} as { admin?: true }).admin).toBeUndefined()
})

test('leaves failed legs out and says partial', async () => {
  expect(await mergeOf(['{"a":1}', '{"b":2}'], [200, 500])).toEqual({ status: 207, text: '{"a":1}' })
})
