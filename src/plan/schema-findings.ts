import type { z } from 'zod'
import type { SchemaNode } from '../api/crd.ts'
import { apiVersion, kind } from '../api/names.ts'
import { type FieldPath, formatFieldPath } from '../api/problem.ts'
import type { Finding } from './finding.ts'
import { objectFix } from './object-fix.ts'
import { isPlanned, isPlannedValue, plannedNames } from './planned-fields.ts'
import { readPath } from './read-path.ts'
import { exampleOf, routeFields, type SchemaFields } from './schema-fields.ts'
import { closest } from './suggest.ts'
import { textFix } from './value-fix.ts'

type Issue = z.core.$ZodIssue

/** zod's issues in our words: what is there, what should be, how to mend it. */
export const schemaFindings = (object: unknown, issues: readonly Issue[]): readonly Finding[] => {
  const fields = routeFields()
  const findings = issues.flatMap(issue => describe(issue, object, fields))
  // An empty name breaks two rules of one field; one problem is enough to mend it.
  const seen = new Set<string>()
  return findings.filter(({ code, path }) => {
    const key = `${code} ${formatFieldPath(path)}`
    return !seen.has(key) && seen.add(key)
  })
}

const describe = (issue: Issue, object: unknown, fields: SchemaFields): readonly Finding[] => {
  const path = issue.path.filter(step => typeof step !== 'symbol')
  if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownField([...path, key], fields))

  const value = readPath(object, path)
  const node = fields.at(path)
  if (value === undefined && path.length > 0) return [missingField(path, node)]
  if (path.length === 1 && (path[0] === 'apiVersion' || path[0] === 'kind'))
    return [wrongVersion(path[0], value)]
  if (issue.code === 'invalid_type') return [wrongType(path, value, node)]
  return [invalidValue(path, value, issue, node)]
}

const unknownField = (path: FieldPath, fields: SchemaFields): Finding => {
  const name = String(path.at(-1))
  const parent = path.slice(0, -1)
  if (isPlanned(name, String(parent.at(-1)))) {
    const message = `${name} is not supported by this version`
    return { code: 'FR0002', path, message, fix: 'remove it' }
  }
  const siblings = Object.keys(fields.at(parent)?.properties ?? {})
  const meant = closest(name, siblings) ?? siblings.find(sibling => sibling === otherNames.get(name))
  const elsewhere = fields
    .placesOf(name)
    .filter(place => place.startsWith('spec.'))
    .slice(0, 2)
  const where = parent.length > 0 ? formatFieldPath(parent) : 'the resource'
  const fix = (): string => {
    // YAML 1.1, which kubectl reads, takes a bare `on` for true.
    if (name === 'true' && siblings.includes('on')) return 'put quotes around "on"'
    if (meant) return `did you mean ${meant}?`
    if (elsewhere.length > 0)
      return `${clip(name)} is a field of ${elsewhere.map(parentOf).join(' and of ')}; move it there`
    const planned = closest(name, plannedNames)
    if (planned) return `remove it; ${planned} is not supported by this version`
    return `remove it; fields here are ${siblings.join(', ')}`
  }
  return { code: 'FR0002', path, message: `unknown field ${clip(name)} in ${where}`, fix: fix() }
}

/** Words for fields that come to mind as well and are spelled too differently to be found by that. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['retries', 'retry'],
  ['breaker', 'circuitBreaker'],
])

const parentOf = (field: string): string => field.slice(0, field.lastIndexOf('.'))

const missingField = (path: FieldPath, node: SchemaNode | undefined): Finding => {
  const name = path.at(-1)
  const example =
    name === 'apiVersion' ? apiVersion : name === 'kind' ? kind : (exampleOf(node) ?? node?.enum?.[0])
  return {
    code: 'FR0003',
    path,
    message: `${formatFieldPath(path)} is required`,
    fix: isSpec(path)
      ? `add ${specExample}`
      : example === undefined
        ? `add ${name}: …`
        : `add ${name}, for example ${name}: ${example}`,
  }
}

const wrongVersion = (field: 'apiVersion' | 'kind', value: unknown): Finding => {
  const known = field === 'apiVersion' ? apiVersion : kind
  return {
    code: 'FR0006',
    path: [field],
    message: `${field} is ${show(value)}, and this relay knows ${known} only`,
    fix: `write ${field}: ${known}`,
  }
}

const wrongType = (path: FieldPath, value: unknown, node: SchemaNode | undefined): Finding => {
  const wanted = typeNames[node?.type ?? 'object'] ?? 'another type'
  const name = path.length > 0 ? formatFieldPath(path) : 'the resource'
  const fix = typeFix(path, value, node) ?? `write ${wanted}`
  return { code: 'FR0004', path, message: `${name} must be ${wanted}, not ${typeOf(value)}`, fix }
}

const typeFix = (path: FieldPath, value: unknown, node: SchemaNode | undefined): string | undefined => {
  if (isSpec(path)) return `write ${specExample}`
  if (value === null) return 'give it a value, or remove it'
  if (node?.type === 'array') return 'write a list: begin with - or put [ ] around it'
  if (node?.type === 'string') return textFix(typeof value === 'object' ? '' : value, node)
  if (node?.type === 'object') return objectFix(path, value, node)
  if (node?.type === 'boolean') return truthFix(value)
  const example = exampleOf(node)
  return example && `write ${typeNames[node?.type ?? ''] ?? 'a value'}, for example ${example}`
}

/** Words that are true and false in YAML 1.1. */
const truthFix = (value: unknown): string | undefined => {
  if (typeof value !== 'string' || !/^(y|yes|on|n|no|off)$/i.test(value)) return undefined
  return `write ${/^(y|yes|on)$/i.test(value)}; ${value} is text here`
}

const isSpec = (path: FieldPath): boolean => path.length === 1 && path[0] === 'spec'

const specExample = 'spec: {upstreams: [{name: orders, url: "http://localhost:9001"}]}'

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

const typeOf = (value: unknown): string => {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a fraction'
  return typeNames[typeof value] ?? typeof value
}

const invalidValue = (
  path: FieldPath,
  value: unknown,
  issue: Issue,
  node: SchemaNode | undefined,
): Finding => {
  const field = formatFieldPath(path)
  const finding = (must: string, fix?: string): Finding => ({
    code: 'FR0005',
    path,
    message: `${field} ${must}${isShowable(path, value) ? `, not ${show(value)}` : ''}`,
    ...(fix !== undefined && { fix }),
  })
  switch (issue.code) {
    case 'invalid_value': {
      const values = issue.values.map(String)
      const meant = typeof value === 'string' ? closest(value, values) : undefined
      const later = isPlannedValue(value) ? `${value} is not supported by this version; ` : ''
      return finding(
        `must be ${oneOf(values)}`,
        meant ? `did you mean ${meant}?` : `${later}write one of these`,
      )
    }
    case 'too_small': {
      const fix = boundFix(issue.origin, 'at least', Number(issue.minimum))
      const must = `must ${amount(issue.origin, 'at least', Number(issue.minimum))}`
      return finding(must, issue.origin === 'string' ? textFix(value, node) : fix)
    }
    case 'too_big': {
      const fix = boundFix(issue.origin, 'at most', Number(issue.maximum))
      return finding(`must ${amount(issue.origin, 'at most', Number(issue.maximum))}`, fix)
    }
    default:
      return finding(
        issue.message,
        isShowable(path, value) ? textFix(value, node) : 'take what is not allowed out of it',
      )
  }
}

const boundFix = (origin: string, bound: 'at least' | 'at most', count: number): string => {
  if (origin === 'string') return 'shorten it'
  if (origin === 'array') return bound === 'at least' ? 'add an entry' : 'remove some, or make several routes'
  return `write ${count} or ${bound === 'at least' ? 'more' : 'less'}`
}

const amount = (origin: string, bound: string, count: number): string => {
  if (origin === 'string') return `have ${bound} ${count} character${count === 1 ? '' : 's'}`
  if (origin === 'array') return `have ${bound} ${count} ${count === 1 ? 'entry' : 'entries'}`
  return `be ${bound} ${count}`
}

const oneOf = (values: readonly string[]): string =>
  values.length === 1 ? values[0]! : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`

/** Header values and URLs may hold secrets; problems travel further than routes do. */
const isShowable = (path: FieldPath, value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) && path.at(-1) !== 'value' && path.at(-1) !== 'url'

const show = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(clip(value)) : clip(String(JSON.stringify(value)))

/** One line of bounded length, whatever an author wrote. */
const clip = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}
