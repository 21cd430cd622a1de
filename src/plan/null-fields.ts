import type { z } from 'zod'
import type { SchemaNode } from '../api/crd.ts'
import { type FieldPath, formatFieldPath } from '../api/problem.ts'
import type { Finding } from './finding.ts'
import { readPath } from './read-path.ts'

/**
 * Fields that are there and empty (`retry:` with nothing behind it), which the API server takes for left out. An
 * entry of a list cannot be left out.
 */
export const nullFields = (object: unknown, issues: readonly z.core.$ZodIssue[]): readonly FieldPath[] =>
  issues
    .map(({ path }) => path.filter(step => typeof step !== 'symbol'))
    .filter(path => isOptional(path) && readPath(object, path) === null)

const isOptional = (path: FieldPath): boolean =>
  typeof path.at(-1) === 'string' && path.length > 1 && (path[0] === 'spec' || path[1] === 'namespace')

/** FR0129: what an author left empty is hardly what was meant to be left out. */
export const nullFinding = (path: FieldPath, node: SchemaNode | undefined): Finding => {
  const meaning = /(?:Omitted =|Defaults to) ([^.]+)\./.exec(node?.description ?? '')?.[1]
  return {
    code: 'FR0129',
    path,
    message: `${formatFieldPath(path)} is empty, which counts as left out${meaning === undefined ? '' : `: ${meaning}`}`,
    fix: fixFor(String(path.at(-1)), node),
  }
}

const fixFor = (name: string, node: SchemaNode | undefined): string => {
  if (node?.type === 'array') return 'give it an entry, or remove it'
  const mayBeEmpty = node?.type === 'object' && (node.required ?? []).length === 0
  return mayBeEmpty ? `write ${name}: {} if it is to be there, or remove it` : 'give it a value, or remove it'
}
