import { expect, test } from 'vitest'
import { nameTable } from '../../src/core/name-table.ts'

const meaning = nameTable({ 'keep-alive': 1, te: 2 })

test.each([
  ['keep-alive', 1],
  ['Keep-Alive', 1],
  ['KEEP-alive', 1],
  ['TE', 2],
  ['content-type', 0],
  ['Content-TYPE', 0],
  ['__proto__', 0],
  ['constructor', 0],
])('%s means %i', (name, expected) => {
  expect(meaning(name)).toBe(expected)
})
