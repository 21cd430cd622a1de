import { closest } from '../plan/suggest.ts'
import type { Io } from './io.ts'
import { envName } from './option.ts'
import type { Verb } from './verb.ts'

const prefix = envName('')

/**
 * Warnings about variables that are read by nobody but look like one that is. Others are left alone:
 * Kubernetes makes `FANOUT_*` variables of its own for a Service of that name.
 */
export const misspeltVariables = (env: Io['env'], verbs: readonly Verb[]): readonly string[] => {
  const flags = verbs.flatMap(({ options }) => Object.values(options).map(({ flag }) => flag))
  // Read by bin/fanout-relay, before there is a Node to read anything else.
  const known = [...new Set(['node', ...flags])].map(flag => envName(flag).slice(prefix.length))
  return Object.keys(env)
    .filter(name => name.startsWith(prefix) && !known.includes(name.slice(prefix.length)))
    .flatMap(name => {
      const meant = closest(name.slice(prefix.length), known)
      return meant ? [`warning: ${name} is not read; did you mean ${prefix}${meant}?`] : []
    })
}
