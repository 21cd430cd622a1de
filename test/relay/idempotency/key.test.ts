import { describe, expect, test } from 'vitest'
import { legKey, newKey, readKey } from '../../../src/relay/idempotency/key.ts'

const read = (...values: string[]) =>
  readKey(['Accept', '*/*', ...values.flatMap(value => ['Idempotency-Key', value])], 'idempotency-key')

describe('readKey', () => {
  test('gives the key as it was sent, whatever the spelling of the header', () => {
    expect(read('8e03978e-40d5')).toEqual({ key: '8e03978e-40d5' })
    expect(readKey(['IDEMPOTENCY-KEY', 'k'], 'idempotency-key')).toEqual({ key: 'k' })
    expect(readKey(['X-Order', 'k'], 'x-order')).toEqual({ key: 'k' })
  })

  test('says when there is none', () => {
    expect(read()).toBe('absent')
    expect(readKey(['idempotency-kex', 'k'], 'idempotency-key')).toBe('absent')
  })

  test.each([
    ['one character', '!'],
    ['255 characters', 'k'.repeat(255)],
    ['every kind of symbol', '~}|{`_^]\\[@?>=<;:/.-,+*)(&%$#"!'],
    ['a quoted string', '"8e03978e-40d5"'],
    ['255 characters within quotes', `"${'k'.repeat(255)}"`],
    ['a quoted space', '"order 17"'],
    ['a quoted escape', '"a\\"b\\\\"'],
  ])('takes %s', (_, key) => expect(read(key)).toEqual({ key }))

  test.each([
    ['nothing', ''],
    ['256 characters', 'k'.repeat(256)],
    ['256 characters within quotes', `"${'k'.repeat(256)}"`],
    ['a space', 'order 17'],
    ['a control character', 'a\tb'],
    ['a character beyond ASCII', 'schl\u00fcssel'],
    ['quotes around nothing', '""'],
    ['a lone quote', '"'],
    ['a quote that is not closed', '"abc'],
    ['a closing quote that is escaped', '"abc\\"'],
    ['a quote within quotes', '"a"b"'],
    ['an escape of something else', '"a\\n"'],
    ['parameters', '"abc";v=1'],
  ])('refuses %s', (_, key) => expect(read(key)).toBe('invalid'))

  test('refuses two, even when they agree or the first is empty', () => {
    expect(read('k', 'k')).toBe('invalid')
    expect(read('', 'k')).toBe('invalid')
  })
})

describe('legKey', () => {
  test('appends the name of the leg', () => expect(legKey('k', 'crm')).toBe('k-crm'))

  test('stays within the quotes of a quoted key', () => {
    expect(legKey('"k"', 'crm')).toBe('"k-crm"')
    expect(legKey('"a\\""', 'crm')).toBe('"a\\"-crm"')
  })

  test('takes a quote at the end of a bare key for a part of it', () =>
    expect(legKey('5"', 'crm')).toBe('5"-crm'))

  test.each(['k', '"k"'])('makes of %s what the next relay takes', key =>
    expect(read(legKey(key, 'crm'))).toEqual({ key: legKey(key, 'crm') }),
  )
})

test('newKey makes keys that are valid and differ', () => {
  const keys = Array.from({ length: 1_000 }, newKey)
  expect(new Set(keys).size).toBe(1_000)
  expect(read(keys[0]!)).toEqual({ key: keys[0] })
})
