export type Severity = 'error' | 'warning'

/** Where something stands in a file; lines and columns count from 1. */
export interface Location {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One finding about configuration: what, where, why, and how to mend it. */
export interface Problem {
  readonly severity: Severity
  /** Stable `FR####`; `docs/codes.md#fr####` explains it. */
  readonly code: string
  /** What is wrong, on one line. */
  readonly message: string
  /** How to mend it, on one line. */
  readonly fix?: string
  /** `namespace/name` of the route it concerns. */
  readonly route?: string
  /** Field path: `spec.upstreams[1].url`. */
  readonly field?: string
  readonly location?: Location
}

/** Steps into an object: `['spec', 'upstreams', 1, 'url']`. */
export type FieldPath = readonly (string | number)[]

/** `['spec', 'upstreams', 1, 'url']` -> `spec.upstreams[1].url` */
export const formatFieldPath = (path: FieldPath): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  )

/** What a message quotes from a file: at most 80 characters, on one line, and unable to move a terminal's cursor. */
export const excerpt = (text: string): string => {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text
  return cut.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/gu, found => JSON.stringify(found).slice(1, -1))
}
