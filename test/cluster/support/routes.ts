import { join } from 'node:path'
import { eventually } from '../../support/eventually.ts'
import type { ApiAnswer } from './api-client.ts'
import type { ControlPlane } from './control-plane.ts'
import { must } from './e2e-command.ts'

export const root = join(import.meta.dirname, '../../..')
export const crdFile = join(root, 'crds/fanoutroutes.yaml')
export const routesPath = (namespace: string) =>
  `/apis/fanoutrelay.dev/v1alpha1/namespaces/${namespace}/fanoutroutes`

/**
 * Applies the CRD as an administrator would, and waits until the API server serves what it defines and kubectl finds
 * it, which takes a moment after it is established.
 */
export const installCrd = async ({ kubectl, request }: ControlPlane): Promise<void> => {
  await must(kubectl('apply', '--server-side', '-f', crdFile))
  await eventually(async () => {
    const { status, text } = await request('GET', '/apis/fanoutrelay.dev/v1alpha1/fanoutroutes')
    if (status !== 200) throw new Error(`${status} ${text}`)
    const found = await must(kubectl('api-resources', '--api-group=fanoutrelay.dev', '-o', 'name'))
    if (!found.includes('fanoutroutes')) throw new Error('kubectl does not find fanoutroutes yet')
  }, 60_000)
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
