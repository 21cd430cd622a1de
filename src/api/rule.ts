/**
 * A cross-field rule in CEL. One text serves twice: the API server runs it as
 * `x-kubernetes-validations`, the relay and `lint` run it off-cluster after defaults are applied.
 */
export interface Rule {
  /** Stable problem code, `FR####`. */
  readonly code: string
  /** CEL over `self`; true = valid. */
  readonly rule: string
  /** What is wrong and how to mend it, on one line. */
  readonly message: string
}

/** Schema metadata that carries the rules into the generated CRD. */
export const validations = (rules: readonly Rule[]) => ({
  'x-kubernetes-validations': rules.map(({ rule, message }) => ({ rule, message })),
})
