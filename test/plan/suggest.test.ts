import { expect, test } from 'vitest'
import { closest } from '../../src/plan/suggest.ts'

const fields = ['hostnames', 'matches', 'timeouts', 'limits', 'upstreams', 'response', 'url']

test.each([
  ['mathces', 'matches'],
  ['ulr', 'url'],
  ['timeout', 'timeouts'],
  ['hosts', 'hostnames'],
  ['Upstreams', 'upstreams'],
  ['repsonse', 'response'],
])('%s is near %s', (word, meant) => expect(closest(word, fields)).toBe(meant))

test.each(['retires', 'role', 'x', 'cache'])('%s is near nothing', word =>
  expect(closest(word, fields)).toBeUndefined(),
)

test('a swap of neighbours counts as one slip, so a better candidate wins', () => {
  expect(closest('lnit', ['line', 'lint'])).toBe('lint')
})
