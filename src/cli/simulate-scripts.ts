import { closest } from '../plan/suggest.ts'
import type { ServedRoute } from '../plan/types.ts'
import type { DelayRange, Failure, LegScript } from '../simulate/script.ts'
import { type Options, written } from './option.ts'
import type { ParsedLine } from './parse-options.ts'
import type { LegRule } from './simulate-rules.ts'
import { UsageError } from './usage-error.ts'

/**
 * What each leg of the route is to do; `names` says where the rules came from.
 *
 * @throws UsageError for legs that the route has not, and for rules that can never apply
 */
export const legScripts = (
  route: Pick<ServedRoute, 'id' | 'legs'>,
  delays: readonly LegRule<DelayRange>[],
  failures: readonly LegRule<Failure>[],
  names: ParsedLine<Options>['names'],
): ReadonlyMap<string, LegScript> => {
  checkLegs(route, names['delay']!, delays)
  checkLegs(route, names['fail']!, failures)
  const of = <What>(leg: string, rules: readonly LegRule<What>[]) =>
    rules.filter(each => each.leg === leg).map(({ rule }) => rule)
  return new Map(
    route.legs.map(({ name }) => [name, { delays: of(name, delays), failures: of(name, failures) }]),
  )
}

const checkLegs = (
  { id, legs }: Pick<ServedRoute, 'id' | 'legs'>,
  name: string,
  rules: readonly LegRule<unknown>[],
): void => {
  const names = legs.map(({ name }) => name)
  const sweeping = new Map<string, string>()
  for (const { leg, rule, text } of rules) {
    if (!names.includes(leg)) {
      const meant = closest(leg, names)
      throw new UsageError(`${written(name, text)}: ${id} has no leg "${leg}"`, {
        why: `its legs are ${names.join(', ')}`,
        fix: meant ? `did you mean ${written(name, meant + text.slice(leg.length))}?` : 'name one of them',
      })
    }
    const before = sweeping.get(leg)
    if (before !== undefined) {
      throw new UsageError(`${written(name, text)} has no effect`, {
        why: `of several for one leg the first that applies counts, and ${before} always does`,
        fix: `give it before ${written(name, before)}, or leave it out`,
      })
    }
    if (rule.when.kind === 'always') sweeping.set(leg, text)
  }
}
