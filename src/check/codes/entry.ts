import type { CodeEntry } from '../../plan/codes.ts'

/** What the documentation says about one finding of `check`. Codes are never reused for something else. */
export interface CheckEntry extends Pick<CodeEntry, 'code' | 'severity' | 'title' | 'why' | 'fix'> {
  /** A command that shows what is the matter. */
  readonly command: string
}

type Words = Omit<CheckEntry, 'code' | 'severity'>

export const error = (code: string, words: Words): CheckEntry => ({ code, severity: 'error', ...words })
export const warning = (code: string, words: Words): CheckEntry => ({ code, severity: 'warning', ...words })
