interface PlannedLike {
  readonly id: string
  readonly kind: string
  readonly generation?: number | undefined
}

/**
 * Generations of the routes that are served, by `namespace/name`, for /routes. Left out are routes that answer
 * 503 because they are invalid, and those of files, which have no generation.
 */
export const routeGenerations = (routes: readonly PlannedLike[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    routes.flatMap(({ id, kind, generation }) =>
      kind === 'served' && generation !== undefined ? [[id, generation] as const] : [],
    ),
  )
