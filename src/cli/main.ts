import { findVerb } from './find-verb.ts'
import type { Io } from './io.ts'
import { misspeltVariables } from './misspelt-variables.ts'
import { asCalled } from './program-name.ts'
import { renderHelp } from './render-help.ts'
import { formatUsageError, UsageError } from './usage-error.ts'
import { verbs } from './verbs.ts'

/** Other spellings of verbs that people try first. */
const aliases: Readonly<Record<string, string>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
}

/** Carries out one command line. Resolves to the exit code: 0 fine, 1 findings or failure, 2 wrong usage. */
export const main = async ([first, ...rest]: readonly string[], io: Io): Promise<number> => {
  if (first === undefined) {
    // A script whose verb is missing must not go on as if all were well.
    io.stderr(asCalled(renderHelp(verbs), io.env))
    return 2
  }
  try {
    const verb = findVerb(aliases[first] ?? first, verbs)
    for (const warning of misspeltVariables(io.env, verbs))
      io.stderr(asCalled(`fanout-relay: ${warning}\n`, io.env))
    return await verb.execute(rest, io)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    io.stderr(asCalled(formatUsageError(error), io.env))
    return 2
  }
}
