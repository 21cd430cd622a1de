import type { LegFigures, LiveFigures } from '../core/figures.ts'
import type { PlannedLeg, PlanResult } from '../plan/types.ts'
import { targetOf } from './route-view.ts'

/** One leg of one route. */
export interface UpstreamView {
  readonly route: string
  readonly upstream: string
  readonly role: PlannedLeg['role']
  readonly target: string
  /** Since the start of the process; `null` before the route's first table. */
  readonly figures: LegFigures | null
}

export const upstreamViews = (
  result: PlanResult | undefined,
  figures: LiveFigures,
): readonly UpstreamView[] =>
  (result?.plan.routes ?? []).flatMap(route =>
    route.kind === 'broken'
      ? []
      : route.legs.map(leg => ({
          route: route.id,
          upstream: leg.name,
          role: leg.role,
          target: targetOf(leg),
          figures: figures.legFigures(route.id, leg.name, leg.role) ?? null,
        })),
  )
