/*
 * The rules of Pod Security `restricted`
 * (kubernetes.io/docs/concepts/security/pod-security-standards, v1.35), as a list of what breaks them.
 */

type Fields = Readonly<Record<string, unknown>>

const object = (value: unknown): Fields => (value ?? {}) as Fields
const list = (value: unknown): readonly Fields[] => (value ?? []) as readonly Fields[]

const volumeTypes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]
const seccompTypes: unknown[] = ['RuntimeDefault', 'Localhost']

export const restrictedViolations = (pod: object): readonly string[] => {
  const spec = object((pod as Fields)['spec'])
  const ofPod = object(spec['securityContext'])
  const found: string[] = []
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) if (spec[field]) found.push(field)
  for (const { name, ...source } of list(spec['volumes']))
    if (Object.keys(source).some(type => !volumeTypes.includes(type))) found.push(`volume ${name}`)

  for (const container of [...list(spec['initContainers']), ...list(spec['containers'])]) {
    const own = object(container['securityContext'])
    const capabilities = object(own['capabilities'])
    const say = (rule: string) => found.push(`${container['name']}: ${rule}`)
    if (own['privileged']) say('privileged')
    if (own['allowPrivilegeEscalation'] !== false) say('allowPrivilegeEscalation')
    if (!list(capabilities['drop']).includes('ALL' as unknown as Fields)) say('capabilities.drop')
    if (list(capabilities['add']).some(name => (name as unknown) !== 'NET_BIND_SERVICE'))
      say('capabilities.add')
    if ((own['runAsNonRoot'] ?? ofPod['runAsNonRoot']) !== true) say('runAsNonRoot')
    if ((own['runAsUser'] ?? ofPod['runAsUser']) === 0) say('runAsUser')
    if (!seccompTypes.includes(object(own['seccompProfile'] ?? ofPod['seccompProfile'])['type']))
      say('seccompProfile')
    if (own['procMount'] !== undefined && own['procMount'] !== 'Default') say('procMount')
    for (const port of list(container['ports'])) if (port['hostPort']) say('hostPort')
  }
  return found
}
