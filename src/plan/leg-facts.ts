import type { PlannedLeg, PlannedRateLimit, ServedRoute } from './types.ts'

/** RFC 9110 §9.2.1, as far as a route can match them: sending such a request again changes nothing. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

export const isSafe = (method: string): boolean => safeMethods.has(method)

/** What a leg can be sent with: `undefined` = whatever a caller thinks of. */
export const methodsOf = (
  leg: PlannedLeg,
  { matches }: Pick<ServedRoute, 'matches'>,
): readonly (string | undefined)[] =>
  leg.method === undefined ? matches.map(({ method }) => method) : [leg.method]

/** Whether some request of the leg may change something. */
export const canWrite = (leg: PlannedLeg, route: Pick<ServedRoute, 'matches'>): boolean =>
  methodsOf(leg, route).some(method => method === undefined || !isSafe(method))

/** Whether every request of the leg may change something. */
export const onlyWrites = (leg: PlannedLeg, route: Pick<ServedRoute, 'matches'>): boolean =>
  methodsOf(leg, route).every(method => method !== undefined && !isSafe(method))

/** Instant from its start by which a leg must be done, in milliseconds; Infinity = nothing bounds it. */
export const boundMsOf = (leg: PlannedLeg, { requestTimeoutMs }: Pick<ServedRoute, 'requestTimeoutMs'>) =>
  shortest([leg.legTimeoutMs, leg.role === 'Shadow' ? 0 : requestTimeoutMs])

/** The shortest of several timeouts, of which 0 means none; Infinity = none at all. */
export const shortest = (timeouts: readonly number[]): number => Math.min(...timeouts.filter(ms => ms > 0))

/** Requests a second in the long run. */
export const ratePerSecond = ({ requests, intervalMs }: PlannedRateLimit): number =>
  (requests * 1000) / intervalMs

/** Most requests that a limit lets through within a time. */
export const mostWithin = (limit: PlannedRateLimit, ms: number): number =>
  limit.burst + Math.floor((limit.requests * ms) / limit.intervalMs)

/** Attempts that one request to a leg may become. */
export const mostAttempts = ({ retry, hedge }: PlannedLeg): number =>
  (1 + (retry?.attempts ?? 0)) * (hedge?.maxParallel ?? 1)

/** Requests to a leg for one to its route. */
export const shareOf = ({ sample }: PlannedLeg): number => (sample?.percent ?? 100) / 100
