import { RetryBudget } from '../../../src/policies/retry-budget.ts'

/** A RetryBudget that tells how often it paid. */
export class CountingBudget extends RetryBudget {
  booked = 0

  override spend(): boolean {
    const allowed = super.spend()
    if (allowed) this.booked++
    return allowed
  }
}
