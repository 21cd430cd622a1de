import { controllerFieldManager, relayRole } from '../api/labels.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import { ApiError } from '../kubernetes/api-error.ts'
import type { RoleBindingObject } from './resources.ts'
import type { BindingStep } from './role-binding.ts'

/** Does what a step says. @throws ApiError */
export const takeBindingStep = async (
  client: ClusterClient,
  namespace: string,
  current: RoleBindingObject | undefined,
  step: BindingStep,
  signal: AbortSignal,
): Promise<void> => {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/${relayRole}`
  if (step.kind === 'apply') {
    // Not by force: fields that somebody else set are a conflict, not ours.
    await client.request({
      method: 'PATCH',
      path: `${path}?fieldManager=${controllerFieldManager}`,
      contentType: 'application/apply-patch+yaml',
      body: step.binding,
      signal,
    })
  } else if (step.kind === 'remove') {
    const { uid, resourceVersion } = current?.metadata ?? {}
    // Only the one that was looked at: another of its name may be somebody's.
    const body = { preconditions: { ...(uid !== undefined && { uid }), resourceVersion } }
    try {
      await client.request({ method: 'DELETE', path, body, signal })
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error
    }
  }
}
