import { excerpt } from '../api/problem.ts'
import { duration as durationSchema, parseByteSize, parseDuration } from '../api/scalars.ts'

/** What an operator lets pods choose. */
export interface AnnotationRules {
  /** Images that `image` may name; one that ends in `*` allows whatever begins so. */
  readonly allowedImages: readonly string[]
}

/** @throws InvalidAnnotation */
export type Reader<T> = (text: string, rules: AnnotationRules) => T

/** A text that is no value of its annotation. The message completes the sentence "it must be …". */
export class InvalidAnnotation extends Error {
  /** What to write instead. */
  readonly fix: string

  constructor(expected: string, fix: string) {
    super(expected)
    this.fix = fix
  }
}

export const portNumber: Reader<number> = text => {
  const port = Number(text)
  if (!/^[0-9]{4,5}$/.test(text) || port < 1024 || port > 65535)
    throw new InvalidAnnotation(
      'a port from 1024 to 65535, which needs no privilege',
      'write for example "4780"',
    )
  return port
}

export const choice =
  <const T extends string>(...allowed: readonly T[]): Reader<T> =>
  text => {
    const found = allowed.find(value => value === text)
    if (found === undefined)
      throw new InvalidAnnotation(`one of ${allowed.join(', ')}`, `write for example "${allowed[0]}"`)
    return found
  }

/** Thousandths of a CPU of a valid quantity: `50m` -> 50, `0.5` -> 500. */
export const milliCpus = (text: string): number =>
  text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1000

export const cpuQuantity: Reader<string> = text => {
  const given = /^([0-9]{1,5}m|[0-9]{1,2}(\.[0-9]{1,3})?)$/.test(text) ? milliCpus(text) : 0
  if (given < 1 || given > 64_000)
    throw new InvalidAnnotation('CPUs from 1m to 64', 'write for example "100m" or "0.5"')
  return text
}

const mebi = 1024 * 1024

export const memoryQuantity: Reader<string> = text => {
  const given = /^[1-9][0-9]{0,11}(Ki|Mi|Gi|k|M|G)?$/.test(text) ? parseByteSize(text) : 0
  if (given < 32 * mebi || given > 64 * 1024 * mebi)
    throw new InvalidAnnotation(
      'a size from 32Mi to 64Gi: a whole number with its unit',
      'write for example "256Mi"',
    )
  return text
}

export const duration: Reader<string> = text => {
  const ms = durationSchema().safeParse(text).success ? parseDuration(text) : 0
  if (ms < 1_000 || ms > 3_600_000)
    throw new InvalidAnnotation('a duration from 1s to 1h with its unit', 'write for example "25s"')
  return text
}

const maxSecrets = 16

/** `a, b` -> `['a', 'b']`; names as Kubernetes allows them, so none can leave the folder of its mount. */
export const secretNames: Reader<readonly string[]> = text => {
  const names = text.split(',').map(name => name.trim())
  const wrong = names.find(
    name =>
      name.length > 253 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name),
  )
  const fix = 'write for example "crm-token,partner-hook"'
  if (wrong !== undefined)
    throw new InvalidAnnotation(`names of Secrets with commas between; "${excerpt(wrong)}" is none`, fix)
  if (names.length > maxSecrets)
    throw new InvalidAnnotation(`at most ${maxSecrets} names`, 'put several values into one Secret')
  if (new Set(names).size < names.length)
    throw new InvalidAnnotation('names that are all different', 'name each Secret once')
  return names
}

export const imageName: Reader<string> = (text, { allowedImages }) => {
  const allowed = allowedImages.some(pattern =>
    pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern,
  )
  // The alphabet of image references: whatever a wildcard lets through stays one.
  if (allowed && text.length <= 512 && /^[A-Za-z0-9][\w.:/@-]*$/.test(text)) return text
  throw allowedImages.length === 0
    ? new InvalidAnnotation(
        'left out: the operator allows no image but its own',
        'remove the annotation, or ask whoever installed fanout-relay to allow the image',
      )
    : new InvalidAnnotation(
        `an image that the operator allows: ${allowedImages.join(', ')}`,
        'use one of them, or ask whoever installed fanout-relay to allow this one',
      )
}
