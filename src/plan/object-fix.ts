import type { SchemaNode } from '../api/crd.ts'
import { type FieldPath, formatFieldPath } from '../api/problem.ts'
import { exampleOf } from './schema-fields.ts'
import { fitter } from './value-fix.ts'

/**
 * An object that would do where something else stands: `retry: 3` -> `retry: {attempts: 3}`. What was written is put
 * where it fits, since that is what was meant. `undefined` = nobody knows one.
 */
export const objectFix = (path: FieldPath, value: unknown, node: SchemaNode): string | undefined => {
  const object = isUpstream(path) ? '{name: orders, url: "http://localhost:9001"}' : objectFor(value, node)
  if (object === undefined) return undefined
  const name = path.at(-1)
  return `write an object, for example ${typeof name === 'string' ? `${name}: ` : ''}${object}`
}

/** The schema alone does not say that it needs `url` or `backendRef`. */
const isUpstream = (path: FieldPath): boolean => /^spec\.upstreams\[[0-9]+\]$/.test(formatFieldPath(path))

const objectFor = (value: unknown, { properties = {}, required = [] }: SchemaNode): string | undefined => {
  const home =
    required.find(name => takes(properties[name], value)) ??
    (required.length === 0 ? Object.keys(properties).find(name => takes(properties[name], value)) : undefined)
  const nested = home === undefined && required.length === 0 ? nestedFor(value, properties) : undefined
  const fields = required.map(name => [name, name === home ? show(value) : exampleOf(properties[name])])
  if (home !== undefined && !required.includes(home)) fields.push([home, show(value)])
  if (fields.some(([, text]) => text === undefined)) return undefined
  return `{${nested ?? fields.map(([name, text]) => `${name}: ${text}`).join(', ')}}`
}

/** `matches: [/orders]` -> `{path: {value: /orders}}`. */
const nestedFor = (value: unknown, properties: Readonly<Record<string, SchemaNode>>): string | undefined => {
  for (const [name, { properties: below = {}, required = [] }] of Object.entries(properties)) {
    const home = Object.keys(below).find(field => takes(below[field], value))
    if (home !== undefined && required.every(field => field === home))
      return `${name}: {${home}: ${show(value)}}`
  }
  return undefined
}

const takes = (node: SchemaNode | undefined, value: unknown): boolean => {
  if (typeof value === 'boolean') return false
  if (node?.type === 'string') return typeof value === 'string' && value !== '' && fitter(node)(value)
  if (node?.type !== 'integer' || !Number.isInteger(value)) return false
  const { minimum = 0, maximum = Number.POSITIVE_INFINITY } = node
  return Number(value) >= Number(minimum) && Number(value) <= Number(maximum)
}

/** As it may stand between braces. */
const show = (value: unknown): string =>
  /^[A-Za-z0-9/][A-Za-z0-9/._-]{0,39}$/.test(String(value)) ? String(value) : '…'
