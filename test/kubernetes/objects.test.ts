import { expect, test } from 'vitest'
import { isLater } from '../../src/kubernetes/objects.ts'
import { eventually } from '../support/eventually.ts'
import { follow } from './support/harness.ts'
import { startScriptedServer } from './support/scripted-server.ts'

test.each([
  ['2', '1', true],
  ['1', '2', false],
  ['7', '7', false],
  ['1000', '999', true],
  ['999', '1000', false],
  ['18446744073709551616', '9007199254740993', true],
  ['9007199254740993', '9007199254740992', true],
  ['b', 'a', true],
  ['a', 'b', true],
  ['a', 'a', false],
  ['0', '0', false],
  ['', '1', true],
])('whether resource version %j is later than %j: %j', (version, than, expected) => {
  expect(isLater(version, than)).toBe(expected)
})

test('an edit whose version has a digit more is followed by the watch', async () => {
  const server = await startScriptedServer()
  server.bump(998 - Number(server.version))
  server.put('orders', { a: 1 })
  const { state, serverState, watching } = await follow({ server })
  await watching()
  server.put('orders', { a: 2 })
  expect(server.version).toBe('1000')
  await eventually(() => expect(state()).toBe(serverState()))
  expect(server.count('list')).toBe(1)
})
