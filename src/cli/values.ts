import { byteSizePattern, parseByteSize, parseDuration } from '../api/scalars.ts'
import { InvalidValue } from './option.ts'

/** Readers of option values. Each throws InvalidValue with what it expects. */

export const choice =
  <const T extends string>(...allowed: readonly T[]) =>
  ([text = '']: readonly string[]): T => {
    const found = allowed.find(value => value === text)
    if (found === undefined) throw new InvalidValue(`one of ${allowed.join(', ')}`)
    return found
  }

/** Milliseconds of a duration as routes write it: `5s`, `1m30s`, `250ms`; `0s` = none. */
export const milliseconds = ([text = '']: readonly string[]): number => {
  if (!/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text)) {
    throw new InvalidValue('a duration with its unit, such as 250ms, 5s or 1m30s')
  }
  return parseDuration(text)
}

/** Bytes of a size as routes write it: `256Mi`, `65536`. */
export const bytes = ([text = '']: readonly string[]): number => {
  if (!byteSizePattern.test(text)) {
    throw new InvalidValue('a size in bytes, such as 65536, 512Ki or 1.5Gi')
  }
  return parseByteSize(text)
}

/** A whole number from 1 to a million. */
export const count = ([text = '']: readonly string[]): number => {
  const number = Number(text)
  if (!/^[0-9]+$/.test(text) || number < 1) throw new InvalidValue('a whole number of at least 1')
  if (number > 1_000_000) throw new InvalidValue('a whole number of at most 1000000')
  return number
}

export const flag = ([text = 'false']: readonly string[]): boolean => {
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw new InvalidValue('true or false')
}

export const text = ([given]: readonly string[]): string | undefined => given

/** Values given one by one, in their order. */
export const texts = (given: readonly string[]): readonly string[] => given
