import type { z } from 'zod'
import type { FieldPath } from '../api/problem.ts'
import { readPath, withoutPaths } from './read-path.ts'

/** Part of a resource after defaults, with what breaks the schema taken out. */
export interface Readable<Part> {
  /** `undefined` = absent, or nothing of it can be read. */
  readonly value: Part | undefined
  /** What was taken out, seen from the part. It may have its default in `value`, which nobody wrote. */
  readonly broken: readonly FieldPath[]
}

interface Schema<Part> {
  safeParse(
    input: unknown,
  ):
    | { readonly success: true; readonly data: Part }
    | { readonly success: false; readonly error: { readonly issues: readonly z.core.$ZodIssue[] } }
}

/** A part without a required field is taken out as well, and so may its parent have to be. */
const maxRounds = 5
/** With more than this broken there is little left to judge, and a route must not make checks expensive. */
const maxBroken = 200

/** Takes out what breaks the schema, as often as it takes up to a bound, and parses what is left. */
export const readable = <Part>(given: unknown, schema: Schema<Part>): Readable<Part> => {
  const broken: FieldPath[] = []
  let rest = given
  for (let round = 0; round < maxRounds; round++) {
    const parsed = schema.safeParse(rest)
    if (parsed.success) return { value: parsed.data, broken }
    const paths = parsed.error.issues.flatMap(issue => culprits(issue, rest))
    broken.push(...paths.slice(0, maxBroken))
    if (broken.length >= maxBroken || paths.some(path => path.length === 0)) break
    rest = withoutPaths(rest, paths)
  }
  return { value: undefined, broken }
}

const culprits = (issue: z.core.$ZodIssue, object: unknown): readonly FieldPath[] => {
  const path = issue.path.filter(step => typeof step !== 'symbol')
  if (issue.code === 'unrecognized_keys') return issue.keys.map(key => [...path, key])
  return [readPath(object, path) === undefined ? path.slice(0, -1) : path]
}

/** A field of a readable part. */
export const within = <Part, Name extends keyof Part & string>(
  { value, broken }: Readable<Part>,
  name: Name,
): Readable<NonNullable<Part[Name]>> => ({
  value: value?.[name] ?? undefined,
  broken: broken.flatMap(([first, ...path]) => (first === name ? [path] : [])),
})
