import { bundleOf, type HeldCertificates, withoutExpired } from './held.ts'
import { expiryOf, isServable } from './key-pair.ts'

/** How long certificates live, all in milliseconds. */
export interface CertificatePolicy {
  readonly authorityMs: number
  readonly leafMs: number
  /** A leaf is replaced when it has less than this left. */
  readonly renewBeforeMs: number
  /** How long API servers may take to notice a new caBundle. */
  readonly settleMs: number
}

const day = 86_400_000

export const defaultPolicy: CertificatePolicy = {
  authorityMs: 365 * day,
  leafMs: 90 * day,
  renewBeforeMs: 30 * day,
  settleMs: 60_000,
}

export interface Situation {
  readonly held: HeldCertificates | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  readonly dnsNames: readonly string[]
  /** What all webhooks of the configuration have as caBundle; `undefined` = they differ, or there is no configuration. */
  readonly published: string | undefined
  /** How long that has been seen. */
  readonly publishedForMs: number
}

/**
 * The one thing to do next, until there is nothing left. The order is what keeps every handshake valid: an authority
 * is stored, then published, then noticed by all API servers, and only then signs what is served; it is withdrawn
 * when it has expired, which no leaf of its outlives.
 */
export type Step = 'make_authority' | 'forget_expired' | 'publish' | 'make_leaf' | 'nothing'

export const nextStep = (situation: Situation, policy: CertificatePolicy): Step => {
  const { held, now, dnsNames, published, publishedForMs } = situation
  // A day for the new one to settle before a leaf is due that the old one could not sign for its full time.
  if (!held || expiryOf(held.authority.cert) - now < policy.leafMs + Math.min(day, policy.leafMs))
    return 'make_authority'
  if (withoutExpired(held, now).retired.length < held.retired.length) return 'forget_expired'
  const isPublished = published === bundleOf(held)
  if (published !== undefined && !isPublished) return 'publish'

  const authorities = [held.authority.cert, ...held.retired]
  const servable = held.leaf !== undefined && isServable(held.leaf.cert, { now, dnsNames, authorities })
  // With nothing valid to serve there is nothing to lose by haste.
  if (!servable) return 'make_leaf'
  const due = expiryOf(held.leaf!.cert) - now < policy.renewBeforeMs
  return due && isPublished && publishedForMs >= policy.settleMs ? 'make_leaf' : 'nothing'
}
