import type { Problem } from '../api/problem.ts'
import type { Io } from './io.ts'

/** For verbs that go on with the routes that are right: says that others are wrong, and what shows how. */
export const warnOfErrors = (problems: readonly Problem[], paths: readonly string[], io: Io): void => {
  const count = problems.filter(({ severity }) => severity === 'error').length
  if (count === 0) return
  const errors = count === 1 ? '1 error' : `${count} errors`
  io.stderr(`warning: the files have ${errors}; to see more: fanout-relay lint ${paths.join(' ')}\n`)
}
