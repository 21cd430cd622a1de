import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ControlPlane } from './control-plane.ts'
import type { Container, PodObject, Source, Volume } from './e2e-pod.ts'

/**
 * Writes the volumes of a container as the kubelet does, each at its path below `root`: tokens of the pod's own
 * ServiceAccount, ConfigMaps from the API server, fields of the pod.
 */
export const writeVolumes = async (
  plane: ControlPlane,
  pod: PodObject,
  { volumeMounts = [] }: Container,
  root: string,
): Promise<void> => {
  for (const { name, mountPath } of volumeMounts) {
    const volume = pod.spec.volumes?.find(one => one.name === name)
    if (!volume) throw new Error(`the pod has no volume ${name}`)
    mkdirSync(join(root, mountPath), { recursive: true })
    for (const source of sourcesOf(volume))
      for (const [path, content] of await filesOf(plane, pod, source)) {
        const file = join(root, mountPath, path)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, content)
      }
  }
}

const sourcesOf = ({ name, projected, downwardAPI, emptyDir }: Volume): readonly Source[] => {
  if (emptyDir) return []
  if (projected) return projected.sources
  if (downwardAPI) return [{ downwardAPI }]
  throw new Error(`this kubelet cannot mount volume ${name}`)
}

const filesOf = async (
  plane: ControlPlane,
  pod: PodObject,
  { serviceAccountToken, configMap, downwardAPI }: Source,
): Promise<readonly (readonly [path: string, content: string])[]> => {
  const { namespace } = pod.metadata
  if (serviceAccountToken) {
    const { path, expirationSeconds } = serviceAccountToken
    return [[path, await plane.tokenFor(pod.spec.serviceAccountName, namespace, { expirationSeconds })]]
  }
  if (configMap) {
    const { object } = await plane.request(
      'GET',
      `/api/v1/namespaces/${namespace}/configmaps/${configMap.name}`,
    )
    const data = object['data'] as Readonly<Record<string, string>>
    return configMap.items.map(({ key, path }) => [path, data[key]!])
  }
  return (downwardAPI?.items ?? []).map(({ path, fieldRef }) => [path, fieldOf(pod, fieldRef.fieldPath)])
}

const fieldOf = ({ metadata }: PodObject, fieldPath: string): string => {
  if (fieldPath === 'metadata.namespace') return metadata.namespace
  if (fieldPath !== 'metadata.labels') throw new Error(`this kubelet does not know ${fieldPath}`)
  const lines = Object.entries(metadata.labels ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return lines.sort().join('\n')
}
