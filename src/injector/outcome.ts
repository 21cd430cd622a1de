import type { FieldPath } from '../api/problem.ts'
import type { PatchOperation } from './json-patch.ts'

/** What becomes of a pod. `warnings` are for its author; kubectl shows them. */
export type Decision =
  | {
      readonly result: 'injected'
      readonly reason: 'opted_in'
      readonly patch: readonly PatchOperation[]
      readonly warnings: readonly string[]
    }
  | { readonly result: 'skipped'; readonly reason: SkipReason; readonly warnings: readonly string[] }
  | {
      readonly result: 'denied'
      readonly reason: DenyReason
      readonly problems: readonly InjectionProblem[]
      readonly warnings: readonly string[]
    }

/** Why a pod stays as it is. */
export type SkipReason = 'not_opted_in' | 'opted_out' | 'already_injected' | 'mirror_pod' | 'windows'

/** Why a pod cannot be created as it is. */
export type DenyReason = 'invalid_label' | 'invalid_annotation' | 'host_network' | 'conflict'

/** One thing that keeps a pod from getting its relay: what, why, and how to mend it. */
export interface InjectionProblem {
  readonly message: string
  readonly fix: string
  /** Where in the pod. */
  readonly path: FieldPath
}

/** All problems on one line, as the API server shows a refusal. */
export const formatProblems = (problems: readonly InjectionProblem[]): string =>
  problems.map(({ message, fix }) => `${message}. Fix: ${fix}`).join(' | ')
