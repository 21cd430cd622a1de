import { type Document, isAlias, isMap, isScalar, isSeq, type Scalar } from 'yaml'
import type { OtherReading } from '../api/snapshot.ts'
import { maxAliases } from './limits.ts'
import { kubectlReads } from './yaml-readings.ts'

/** Why a document has no value, and the offset in the text where that shows. */
export class YamlValueError extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

type YamlNode = { readonly range?: readonly number[] | null; readonly anchor?: string | undefined }

/** What a document says. */
export interface YamlValue {
  readonly value: unknown
  /** The first of them; whoever mends these sees the next. */
  readonly otherReadings: readonly OtherReading[]
}

const maxOtherReadings = 1000

/**
 * The plain value of a composed document. The library's own `toJS` is not used: it compares keys pairwise
 * (quadratic in a large map) and returns circular objects for an alias inside its own anchor.
 *
 * A merge key, `<<: *base`, counts as kubectl counts it: the fields of its maps are those of the map around it, unless
 * they are given there or in an earlier one (https://yaml.org/type/merge.html).
 *
 * @throws YamlValueError for keys given twice, for aliases that lead nowhere, in circles or to too much, and for merge
 * keys of what is no map
 */
export const valueOfDocument = (document: Document.Parsed): YamlValue => {
  const anchors = new Map<string, unknown>()
  const open = new Set<unknown>()
  const path: (string | number)[] = []
  const otherReadings: OtherReading[] = []
  let aliases = 0

  const rememberAnchor = (node: unknown): void => {
    const anchor = (node as YamlNode | null)?.anchor
    if (anchor !== undefined) anchors.set(anchor, node)
  }

  const compareReadings = (node: Scalar, of: OtherReading['of']): void => {
    if (node.type !== 'PLAIN' || node.source === undefined) return
    const kubectl = kubectlReads(node.source)
    if (kubectl === undefined || otherReadings.length === maxOtherReadings) return
    const isSame = of === 'key' ? String(kubectl) === keyOf(node) : kubectl === node.value
    if (!isSame) otherReadings.push({ path: [...path], of, written: node.source, kubectl })
  }

  const below = (step: string | number, node: unknown): unknown => {
    path.push(step)
    const value = convert(node)
    path.pop()
    return value
  }

  const convert = (node: unknown): unknown => {
    if (isAlias(node)) return convertAlias(node.source, offsetOf(node))
    rememberAnchor(node)
    if (isScalar(node)) {
      compareReadings(node, 'value')
      return node.value
    }
    if (isSeq(node)) return enclosed(node, () => node.items.map((item, index) => below(index, item)))
    if (isMap(node)) return enclosed(node, () => convertMap(node.items))
    return null
  }

  const enclosed = (node: unknown, make: () => unknown): unknown => {
    open.add(node)
    const value = make()
    open.delete(node)
    return value
  }

  const convertAlias = (name: string, offset: number): unknown => {
    const target = anchors.get(name)
    if (target === undefined)
      throw new YamlValueError(`alias *${name} has no anchor &${name} before it`, offset)
    if (open.has(target)) throw new YamlValueError(`alias *${name} stands inside what it refers to`, offset)
    // Every use is converted again, so this also bounds aliases of aliases ("a billion laughs").
    aliases += 1
    if (aliases > maxAliases)
      throw new YamlValueError(`more than ${maxAliases} aliases in one document`, offset)
    return convert(target)
  }

  const convertMap = (pairs: readonly { key: unknown; value: unknown }[]): Record<string, unknown> => {
    const seen = new Set<string>()
    const object: Record<string, unknown> = {}
    const merged: unknown[] = []
    for (const pair of pairs) {
      const key = keyOf(pair.key)
      rememberAnchor(pair.key)
      if (key === undefined)
        throw new YamlValueError('a key must be a plain word, not a list or a map', offsetOf(pair.key))
      if (isMergeKey(pair.key)) {
        merged.push(...mapsOf(convert(pair.value), offsetOf(pair.key)))
        continue
      }
      if (seen.has(key)) throw new YamlValueError(`key ${key} is given twice`, offsetOf(pair.key))
      seen.add(key)
      path.push(key)
      if (isScalar(pair.key)) compareReadings(pair.key, 'key')
      const value = convert(pair.value)
      path.pop()
      setOwn(object, key, value)
    }
    for (const map of merged as Record<string, unknown>[])
      for (const [key, value] of Object.entries(map))
        if (!Object.hasOwn(object, key)) setOwn(object, key, value)
    return object
  }

  return { value: convert(document.contents), otherReadings }
}

const isMergeKey = (key: unknown): boolean => isScalar(key) && key.type === 'PLAIN' && key.source === '<<'

const mapsOf = (value: unknown, offset: number): readonly unknown[] => {
  const maps = Array.isArray(value) ? value : [value]
  if (maps.every(map => typeof map === 'object' && map !== null && !Array.isArray(map))) return maps
  throw new YamlValueError('<< takes a map or a list of maps, such as *base', offset)
}

/** Whatever the key, `__proto__` included. */
const setOwn = (object: Record<string, unknown>, key: string, value: unknown): void => {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

/** The text of a key as Kubernetes sees it, or `undefined` when it is not a scalar. */
export const keyOf = (key: unknown): string | undefined => {
  if (!isScalar(key)) return undefined
  return key.value === null ? '' : String(key.value)
}

/** Where a node begins in its text; 0 when the library did not record it. */
export const offsetOf = (node: unknown): number => (node as YamlNode | null)?.range?.[0] ?? 0
