import type { CheckEntry } from './codes/entry.ts'
import { installationCodes } from './codes/installation.ts'
import { routeCodes } from './codes/routes.ts'
import { serverCodes } from './codes/server.ts'
import { workloadCodes } from './codes/workloads.ts'

export type { CheckEntry } from './codes/entry.ts'

/** Every finding about a cluster, in order; docs/kubernetes/check.md is made from it. */
export const checkCodes: readonly CheckEntry[] = [
  ...serverCodes,
  ...installationCodes,
  ...workloadCodes,
  ...routeCodes,
].sort((a, b) => (a.code < b.code ? -1 : 1))

/** @throws Error for a text that is no code: a defect */
export const checkCode = (code: string): CheckEntry => {
  const found = checkCodes.find(entry => entry.code === code)
  if (!found) throw new Error(`${code} is no code of a check`)
  return found
}
