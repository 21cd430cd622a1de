import { join } from 'node:path'
import type { ApiAnswer } from './api-client.ts'
import type { ControlPlane } from './control-plane.ts'

export const root = join(import.meta.dirname, '../../..')
export const crdFile = join(root, 'crds/fanoutroutes.yaml')
export const routesPath = (namespace: string) =>
  `/apis/fanoutrelay.dev/v1alpha1/namespaces/${namespace}/fanoutroutes`

/** Applies the CRD as an administrator would and waits until the API server serves it. */
export const installCrd = async ({ kubectl }: ControlPlane): Promise<void> => {
  const steps = [
    ['apply', '--server-side', '-f', crdFile],
    ['wait', '--for=condition=Established', '--timeout=30s', '-f', crdFile],
  ]
  for (const step of steps) {
    const { code, stderr } = await kubectl(...step)
    if (code !== 0) throw new Error(`kubectl ${step.join(' ')}: ${stderr}`)
  }
}

/** What the API server would answer to a new object, which it does not keep. */
export const tryRoute = ({ request }: ControlPlane, namespace: string, object: unknown): Promise<ApiAnswer> =>
  request('POST', `${routesPath(namespace)}?dryRun=All&fieldValidation=Strict`, { body: object })

/** Why an object was refused, one line a cause: `spec.upstreams[0]: text`. */
export const causesOf = ({ status, object }: ApiAnswer): readonly string[] => {
  if (status === 201) return []
  const causes = object.details?.causes ?? []
  return causes.length > 0
    ? causes.map(({ field, message }) => `${field}: ${message}`)
    : [object.message ?? String(status)]
}
