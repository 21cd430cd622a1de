import type { ClusterClient } from './api-client.ts'
import { ApiError } from './api-error.ts'
import { groupPath, type Resource } from './resource.ts'

const deadlineMs = 5_000

interface ResourceList {
  readonly resources?: readonly { readonly name?: unknown; readonly verbs?: readonly unknown[] }[]
}

/**
 * Whether the type of a resource stays. Who deletes a CustomResourceDefinition deletes all its objects, and a watch
 * sees them go one by one as if each had been meant. Discovery tells the difference to anybody: a type that is being
 * deleted can no longer be created. `unknown` = it cannot be asked.
 */
export const resourceFate = async (
  client: ClusterClient,
  resource: Resource,
  signal: AbortSignal,
): Promise<'stays' | 'going' | 'unknown'> => {
  try {
    const { body } = await client.request({ path: groupPath(resource), deadlineMs, signal })
    const found = (body as ResourceList | undefined)?.resources?.find(({ name }) => name === resource.plural)
    return found?.verbs?.includes('create') ? 'stays' : 'going'
  } catch (error) {
    return error instanceof ApiError && error.reason === 'not_found' ? 'going' : 'unknown'
  }
}
