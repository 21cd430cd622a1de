import type { KubernetesObject } from '../kubernetes/objects.ts'
import { crdName } from './check-crd.ts'
import { factValue, unreadLine } from './fact.ts'
import type { PreFacts } from './facts.ts'
import { type CheckFinding, type CheckSection, finding, line, ok } from './finding.ts'
import { permissionName } from './permissions.ts'

/** What must hold before the chart is installed. */
export const checkPre = (facts: PreFacts): readonly CheckSection[] => [
  { title: 'API server', lines: [ok('it answers'), versionLine(facts.serverVersion)] },
  { title: 'Permissions', lines: [permissionLine(facts)] },
  { title: 'CustomResourceDefinition', lines: [ownerLine(facts)] },
]

const oldest = [1, 29] as const

const versionLine = (serverVersion: string) => {
  const [, major, minor] = (/^v?([0-9]+)\.([0-9]+)/.exec(serverVersion) ?? []).map(Number)
  const isTooOld =
    major !== undefined &&
    minor !== undefined &&
    (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
  const tooOld = finding('FR0260', {
    where: 'API server',
    message: `it is of version ${serverVersion}; native sidecars need ${oldest.join('.')}`,
  })
  return line(`version ${serverVersion}, at least ${oldest.join('.')}`, isTooOld ? [tooOld] : [])
}

const permissionLine = ({ permissions, namespace }: PreFacts) => {
  const what = `you may create everything the chart has, in namespace ${namespace}`
  const unread = unreadLine(what, [permissions])
  if (unread) return unread
  const denied = (factValue(permissions) ?? []).filter(({ allowed }) => !allowed)
  return line(
    what,
    denied.map(({ permission }) =>
      finding('FR0261', {
        where: permission.scope === 'cluster' ? 'the whole cluster' : `Namespace ${namespace}`,
        message: `you may not ${permissionName(permission)}`,
      }),
    ),
  )
}

const ownerLine = ({ crd, namespace }: PreFacts) => {
  const what = `no other release owns ${crdName}`
  return (
    unreadLine(what, [crd]) ?? line(what, crd.kind === 'found' ? ownerFindings(crd.value, namespace) : [])
  )
}

const ownerFindings = ({ metadata }: KubernetesObject, namespace: string): readonly CheckFinding[] => {
  const where = `CustomResourceDefinition ${crdName}`
  const release = metadata.annotations?.['meta.helm.sh/release-name']
  const home = metadata.annotations?.['meta.helm.sh/release-namespace']
  if (release === undefined || home === undefined)
    return [
      finding('FR0262', {
        where,
        message: 'it is there, and no Helm release made it',
        fix: 'helm install with --set crds.enabled=false, or with --take-ownership',
      }),
    ]
  if (home === namespace) return []
  return [
    finding('FR0262', {
      where,
      message: `it belongs to Helm release ${release} in namespace ${home}`,
      fix: `helm upgrade ${release} -n ${home}, or install with --set crds.enabled=false`,
    }),
  ]
}
