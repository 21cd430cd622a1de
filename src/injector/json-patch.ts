import type { FieldPath } from '../api/problem.ts'

/** RFC 6902. Injection only ever adds; `add` on a member that exists replaces it, on a list it inserts. */
export interface PatchOperation {
  readonly op: 'add'
  /** JSON pointer. */
  readonly path: string
  readonly value: unknown
}

export const add = (path: FieldPath, value: unknown): PatchOperation => ({
  op: 'add',
  path: pointer(path),
  value,
})

/** `['metadata', 'annotations', 'a/b']` -> `/metadata/annotations/a~1b` (RFC 6901) */
export const pointer = (path: FieldPath): string =>
  path.map(step => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The steps of a pointer, as texts. */
export const pointerSteps = (text: string): readonly string[] =>
  text
    .split('/')
    .slice(1)
    // In this order: `~01` is `~1`, not `/`.
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
