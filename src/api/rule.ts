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
  /** What is wrong and how to mend it, on one line. */
  readonly message: string
}

/** The rule as one expression, the way the API server runs it. */
export const expressionOf = ({ rule, when }: Rule): string =>
  when === undefined ? rule : `!has(self.${when}) || (${rule})`

/** Schema metadata that carries the rules into the generated CRD. */
export const validations = (rules: readonly Rule[]) => ({
  'x-kubernetes-validations': rules.map(rule => ({ rule: expressionOf(rule), message: rule.message })),
})
