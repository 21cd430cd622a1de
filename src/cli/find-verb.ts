import { closest } from '../plan/suggest.ts'
import { UsageError } from './usage-error.ts'
import type { Verb } from './verb.ts'

/** @throws UsageError for a verb there is not */
export const findVerb = (name: string, verbs: readonly Verb[]): Verb => {
  const found = verbs.find(verb => verb.name === name)
  if (found) return found
  const names = verbs.map(verb => verb.name)
  const meant = closest(name, names)
  throw new UsageError(`there is no verb "${name}"`, {
    why: `verbs are ${names.join(', ')}`,
    fix: meant ? `did you mean fanout-relay ${meant}?` : 'fanout-relay help says what each of them does',
  })
}
