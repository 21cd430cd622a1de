import type { Severity } from '../api/problem.ts'
import type { CodeEntry } from './codes/entry.ts'
import { fileCodes } from './codes/files.ts'
import { policyErrors } from './codes/policies.ts'
import { policyWarnings } from './codes/policy-warnings.ts'
import { resolutionErrors } from './codes/resolution.ts'
import { ruleErrors } from './codes/rules.ts'
import { schemaErrors } from './codes/schema.ts'
import { selectorErrors } from './codes/selectors.ts'
import { routeWarnings } from './codes/warnings.ts'

export type { CodeEntry } from './codes/entry.ts'

/** Every problem code there is, in order; `docs/codes.md` is made from it. */
export const codes: readonly CodeEntry[] = [
  ...fileCodes,
  ...schemaErrors,
  ...ruleErrors,
  ...policyErrors,
  ...selectorErrors,
  ...resolutionErrors,
  ...routeWarnings,
  ...policyWarnings,
].sort((a, b) => (a.code < b.code ? -1 : 1))

/** What is known about a code; `undefined` for a text that is no code. */
export const findCode = (code: string): CodeEntry | undefined => codes.find(entry => entry.code === code)

/** Codes from FR0100 on are warnings: the route is served as it is. */
export const severityOf = (code: string): Severity => (code < 'FR0100' ? 'error' : 'warning')
