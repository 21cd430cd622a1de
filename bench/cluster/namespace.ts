import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiVersion, group, kind, plural } from '../../src/api/names.ts'
import { routesPath } from '../../test/cluster/support/routes.ts'
import type { ClusterBench } from './bench.ts'

/** A namespace whose default ServiceAccount may do what a relay may, and nothing else. */
export interface RelayNamespace {
  readonly name: string
  /** Creates a route, or gives it this spec; resolves once the API server has said so. */
  apply(name: string, spec: unknown): Promise<void>
  /** A directory as a pod's ServiceAccount volume, with a token of its own. */
  tokenDir(): Promise<string>
}

export const makeNamespace = async (
  { plane, workspace }: ClusterBench,
  name: string,
): Promise<RelayNamespace> => {
  const send = async (method: string, path: string, body: unknown, tolerated = 0): Promise<number> => {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const { status, text } = await plane.request(method, path, { body, contentType })
    if (status >= 400 && status !== tolerated) throw new Error(`${method} ${path}: ${status} ${text}`)
    return status
  }
  await plane.createNamespace(name)
  const rights = `/apis/rbac.authorization.k8s.io/v1/namespaces/${name}`
  await send('POST', `${rights}/roles`, {
    metadata: { name: 'relay' },
    rules: [{ apiGroups: [group], resources: [plural], verbs: ['get', 'list', 'watch'] }],
  })
  await send('POST', `${rights}/rolebindings`, {
    metadata: { name: 'relay' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'relay' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: name }],
  })
  const ca = readFileSync(plane.caFile)
  return {
    name,
    apply: async (route, spec) => {
      const patched = await send('PATCH', `${routesPath(name)}/${route}`, { spec }, 404)
      if (patched !== 404) return
      await send('POST', routesPath(name), { apiVersion, kind, metadata: { name: route }, spec })
    },
    tokenDir: async () => {
      const directory = workspace.folder('token')
      writeFileSync(join(directory, 'token'), await plane.tokenFor('default', name))
      writeFileSync(join(directory, 'ca.crt'), ca)
      writeFileSync(join(directory, 'namespace'), name)
      return directory
    },
  }
}
