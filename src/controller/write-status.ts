import { controllerFieldManager } from '../api/labels.ts'
import { apiVersion, group, kind, plural, version } from '../api/names.ts'
import type { RouteStatus } from '../api/status.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import type { RouteObject } from './resources.ts'

/**
 * Writes a status and resolves with the object as it is then. It is written over the version that was looked at, so
 * a controller that is no longer the leader, or whose picture is old, changes nothing: that is a conflict (409).
 * Server-side apply leaves alone what others put into the status.
 *
 * @throws ApiError
 */
export const writeStatus = async (
  client: ClusterClient,
  { metadata }: RouteObject,
  status: RouteStatus,
  signal: AbortSignal,
): Promise<RouteObject> => {
  const { name, namespace = '', uid, resourceVersion } = metadata
  const path = `/apis/${group}/${version}/namespaces/${namespace}/${plural}/${name}/status`
  const answer = await client.request({
    method: 'PATCH',
    path: `${path}?fieldManager=${controllerFieldManager}&force=true`,
    contentType: 'application/apply-patch+yaml',
    body: {
      apiVersion,
      kind,
      metadata: { name, namespace, ...(uid !== undefined && { uid }), resourceVersion },
      status,
    },
    signal,
  })
  return answer.body as RouteObject
}
