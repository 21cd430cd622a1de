import type { Io } from './io.ts'

/** Set by bin/fanout-relay when it was called as `kubectl-fanout`, which kubectl does for `kubectl fanout`. */
const variable = 'FANOUT_CALLED_AS'

/** How this program is called on this command line: `fanout-relay`, or `kubectl fanout`. */
export const programName = (env: Io['env']): string =>
  env[variable] === 'kubectl-fanout' ? 'kubectl fanout' : 'fanout-relay'

/**
 * A text for people with its commands as they have to be typed here. A command is the name of the program before a
 * word or a colon at the end of it; names of objects such as `fanout-relay-controller` stay.
 */
export const asCalled = (text: string, env: Io['env']): string => {
  const name = programName(env)
  return name === 'fanout-relay' ? text : text.replace(/(?<![\w/-])fanout-relay(?= [a-zA-Z]|: )/g, name)
}
