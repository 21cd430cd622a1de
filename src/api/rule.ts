import type { FieldPath } from './problem.ts'

/**
 * A cross-field rule in CEL. One text serves twice: the API server runs it as
 * `x-kubernetes-validations`, the relay and `lint` run it off-cluster after defaults are applied.
 */
export interface Rule {
  /** Stable problem code, `FR####`. */
  readonly code: string
  /** CEL over `self`; true = valid. */
  readonly rule: string
  /** An optional field of `self` without which the rule holds; `rule` may then take it for given. */
  readonly when?: string
  /** A list of `self`: the rule is about each of its entries by itself, which it knows as `u`. */
  readonly each?: string
  /** The field a finding stands at, from `self` or the entry. Omitted = that of `when`. */
  readonly field?: FieldPath
  /** What is wrong and how to mend it, on one line. */
  readonly message: string
  /** How to mend it, where that is more than `docs/codes.md` says for every rule of this code. */
  readonly fix?: string
}

/** The rule as one expression, the way the API server runs it. */
export const expressionOf = ({ rule, when, each }: Rule): string => {
  const whole = each === undefined ? rule : `self.${each}.all(u, ${rule})`
  return when === undefined ? whole : `!has(self.${when}) || (${whole})`
}

/** Schema metadata that carries the rules into the generated CRD. */
export const validations = (rules: readonly Rule[]) => ({
  'x-kubernetes-validations': rules.map(rule => ({ rule: expressionOf(rule), message: rule.message })),
})
