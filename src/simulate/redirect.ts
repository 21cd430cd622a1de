import type { RelayPlan, ServedRoute } from '../plan/types.ts'

/**
 * A plan of this route alone, each leg sent to the origin that stands in for it. Everything else stays, the
 * Host header included: no leg of this plan leads to a real upstream.
 */
export const redirected = (route: ServedRoute, origins: ReadonlyMap<string, string>): RelayPlan => ({
  revision: 'simulation',
  routes: [
    {
      ...route,
      legs: route.legs.map(leg => ({
        ...leg,
        origin: originOf(leg.name, origins),
        host: leg.host ?? new URL(leg.origin).host,
      })),
    },
  ],
})

const originOf = (leg: string, origins: ReadonlyMap<string, string>): string => {
  const origin = origins.get(leg)
  if (origin === undefined) throw new Error(`nothing stands in for ${leg}`)
  return origin
}
