import { type FieldPath, formatFieldPath, type Problem } from '../api/problem.ts'
import type { RouteResource } from '../api/snapshot.ts'
import { findCode, severityOf } from './codes.ts'

/** One thing noticed about one route, before it is given a place in a file. */
export interface Finding {
  /** A code of the registry in `codes.ts`, which also decides the severity. */
  readonly code: string
  /** The offending field, from the root of the object. */
  readonly path: FieldPath
  readonly message: string
  readonly fix?: string
}

/** Takes findings as they are made, so that checks can go on after the first. */
export type Report = (finding: Finding) => void

/** Whether it costs the route; a warning does not. */
export const isError = (finding: Finding): boolean => severityOf(finding.code) === 'error'

/** That of the registry, in the form of the others: no capital, no full stop, no Markdown. */
const usualFix = (code: string): string | undefined => {
  const text = findCode(code)?.fix.replaceAll('`', '').replace(/\.$/, '')
  return text && text[0]!.toLowerCase() + text.slice(1)
}

/** Gives a finding its route, its place in the file where that is known, and the usual fix if it has none. */
export const toProblem = (
  resource: RouteResource,
  { code, path, message, fix = usualFix(code) }: Finding,
): Problem => {
  const location = resource.locate?.(path)
  return {
    severity: severityOf(code),
    code,
    message,
    ...(fix !== undefined && { fix }),
    route: resource.id,
    ...(path.length > 0 && { field: formatFieldPath(path) }),
    ...(location && { location: { ...location } }),
  }
}
