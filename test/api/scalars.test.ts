import { describe, expect, test } from 'vitest'
import { byteSize, parseByteSize } from '../../src/api/scalars.ts'

describe('a size is a Kubernetes quantity', () => {
  test.each([
    ['65536', 65_536],
    [65_536, 65_536],
    ['1Mi', 1_048_576],
    ['1.5Mi', 1_572_864],
    ['.5Gi', 536_870_912],
    ['1.Ki', 1024],
    ['007k', 7000],
    ['1e3', 1000],
    ['1.5E6', 1_500_000],
    ['2T', 2e12],
    ['1Ti', 2 ** 40],
    ['1Pi', 2 ** 50],
    ['1P', 1e15],
  ])('%s = %d bytes', (given, bytes) => {
    expect(parseByteSize(byteSize().parse(given))).toBe(bytes)
  })

  test('a part of a byte counts as one, and none is larger than a number can tell', () => {
    expect(parseByteSize('0.0001Ki')).toBe(1)
    expect(parseByteSize('1.0001k')).toBe(1001)
    expect(parseByteSize('999999999999999Pi')).toBe(Number.MAX_SAFE_INTEGER)
    expect(parseByteSize('1e99')).toBe(Number.MAX_SAFE_INTEGER)
  })

  test.each([
    0,
    -1,
    1.5,
    Number.NaN,
    2 ** 53,
    true,
    null,
    '',
    '0',
    '0.0Mi',
    '-1Mi',
    '+1Mi',
    '1m',
    '1mi',
    '1 Mi',
  ])('%s is none', given => expect(byteSize().safeParse(given).success).toBe(false))
  test.each([
    '1Mi ',
    'Mi',
    '.',
    '.Mi',
    '1.5.2',
    '1e',
    '1e3Mi',
    '0x10',
    '1_000',
    '1B',
    '1MB',
    `${'0'.repeat(40)}1`,
  ])('%s is none', given => expect(byteSize().safeParse(given).success).toBe(false))
})
