import type { RouteResource } from '../api/snapshot.ts'
import { readPath } from './read-path.ts'
import type { PlannedRoute } from './types.ts'

/** Id, generation and age of a route, as far as its metadata has them. */
export const routeIdentity = ({
  id,
  object,
}: RouteResource): Pick<PlannedRoute, 'id' | 'generation' | 'createdAt'> => {
  const generation = readPath(object, ['metadata', 'generation'])
  const created = readPath(object, ['metadata', 'creationTimestamp'])
  const createdAt = typeof created === 'string' ? Date.parse(created) : Number.NaN
  return {
    id,
    generation: typeof generation === 'number' && Number.isSafeInteger(generation) ? generation : undefined,
    createdAt: Number.isNaN(createdAt) ? undefined : createdAt,
  }
}
