import type { Severity } from '../../api/problem.ts'

/** What the documentation says about one problem code. Codes are never reused for something else. */
export interface CodeEntry {
  /** `FR0001`–`FR0099` are errors, `FR0100` and above are warnings. */
  readonly code: string
  readonly severity: Severity
  /** The problem in a few words that hold for every case; it may reach a caller. */
  readonly title: string
  /** What brings it about and what it leads to. */
  readonly why: string
  readonly fix: string
  /** YAML that causes it, and the same mended. */
  readonly wrong?: string
  readonly right?: string
  /** Found while files are read rather than when routes are planned. */
  readonly foundBy?: 'files'
}

type Words = Omit<CodeEntry, 'code' | 'severity'>

export const error = (code: string, words: Words): CodeEntry => ({ code, severity: 'error', ...words })
export const warning = (code: string, words: Words): CodeEntry => ({ code, severity: 'warning', ...words })
