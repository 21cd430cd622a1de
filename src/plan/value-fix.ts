import type { SchemaNode } from '../api/crd.ts'
import { exampleOf } from './schema-fields.ts'

/** How to write a text that the schema takes, for a value that it does not; `undefined` = nothing to say. */
export const textFix = (value: unknown, node: SchemaNode | undefined): string | undefined => {
  const fits = fitter(node)
  const written = String(value)
  // YAML reads 8080, true and 1.0 as no text; in quotes they may be what was meant.
  if (typeof value !== 'string' && fits(written)) return `put quotes around it: "${written}"`
  const meant = [written.replaceAll(/\s+/g, '-'), written.replaceAll(/\s+/g, '')].find(fits)
  if (meant !== undefined && !fits(written)) return `did you mean ${meant}?`
  if (isDuration(fits)) {
    if (fits(`${written}s`)) return `write ${written}s or ${written}ms`
    const days = /^([0-9]{1,3})d$/.exec(written)
    if (days) return `write ${Number(days[1]) * 24}h`
  }
  const example = exampleOf(node) ?? (typeof node?.default === 'string' ? node.default : undefined)
  const kind = isDuration(fits) ? 'a duration' : isSize(fits) ? 'a size' : 'text'
  return example === undefined ? undefined : `write ${kind}, for example ${example}`
}

export type Fits = (text: string) => boolean

/** Whether a text is one that the schema takes. */
export const fitter = (node: SchemaNode | undefined): Fits => {
  const { pattern, maxLength, enum: values } = node ?? {}
  const test = typeof pattern === 'string' ? new RegExp(pattern) : undefined
  return text =>
    (test === undefined || test.test(text)) &&
    (typeof maxLength !== 'number' || text.length <= maxLength) &&
    (values === undefined || values.includes(text))
}

/** What a field is for shows in what its pattern takes. */
const isDuration = (fits: Fits): boolean => fits('1s') && !fits('text')
const isSize = (fits: Fits): boolean => fits('1Mi') && !fits('text')
