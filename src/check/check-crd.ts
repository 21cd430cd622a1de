import { customResourceDefinition } from '../api/crd.ts'
import { group, plural, version } from '../api/names.ts'
import { crdDifference } from './crd-difference.ts'
import { unreadLine } from './fact.ts'
import type { ClusterFacts } from './facts.ts'
import { type CheckFinding, type CheckLine, type CheckSection, finding, line } from './finding.ts'
import type { CrdObject } from './objects.ts'

export const crdName = `${plural}.${group}`
const where = `CustomResourceDefinition ${crdName}`
const apply = 'fanout-relay crd | kubectl apply --server-side --force-conflicts -f -'

/** The CRD is there, served, and the one of this version. */
export const checkCrd = (facts: ClusterFacts, programVersion: string): CheckSection => ({
  title: 'CustomResourceDefinition',
  lines: linesOf(facts, programVersion),
})

const linesOf = ({ crd, routes }: ClusterFacts, programVersion: string): readonly CheckLine[] => {
  // Whoever may not read it can still tell whether it is there: then routes can be listed.
  const isMissing = crd.kind === 'absent' || (crd.kind === 'unread' && routes.kind === 'absent')
  if (isMissing) {
    return [line(`${crdName} exists`, [noResource()])]
  }
  if (crd.kind !== 'found') return [unreadLine(`${crdName} is the one of this version`, [crd])!]
  return [
    line(`${crdName} is established`, notEstablished(crd.value)),
    line(`it is the one of version ${programVersion}`, otherVersion(crd.value, programVersion)),
  ]
}

/** The API server knows no FanOutRoutes. */
export const noResource = (): CheckFinding =>
  finding('FR0210', {
    where,
    message: 'it is not there: the API server knows no FanOutRoutes',
    fix: 'install the chart, or: fanout-relay crd | kubectl apply --server-side -f -',
  })

const notEstablished = ({ metadata, spec, status }: CrdObject): readonly CheckFinding[] => {
  if (metadata.deletionTimestamp)
    return [finding('FR0213', { where, message: 'it is being deleted, and all routes with it' })]
  if (!spec.versions.some(({ name, served }) => name === version && served))
    return [finding('FR0213', { where, message: `it does not serve version ${version}`, fix: apply })]
  const condition = (type: string) => status?.conditions?.find(one => one.type === type)
  const wrong = [condition('NamesAccepted'), condition('NonStructuralSchema'), condition('Established')].find(
    one => one !== undefined && (one.type === 'NonStructuralSchema') === (one.status === 'True'),
  )
  if (wrong)
    return [
      finding('FR0213', {
        where,
        message: `${wrong.type} is ${wrong.status}: ${wrong.message ?? wrong.reason}`,
      }),
    ]
  if (condition('Established')) return []
  return [
    finding('FR0213', {
      where,
      message: 'the API server has not taken it up yet',
      fix: 'try again in a moment',
    }),
  ]
}

const shown = 4

const otherVersion = (crd: CrdObject, programVersion: string): readonly CheckFinding[] => {
  const schemaOf = (object: Pick<CrdObject, 'spec'>) =>
    object.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema
  const stored = schemaOf(crd)
  if (stored === undefined) return []
  const { missing, changed, extra } = crdDifference(stored, schemaOf(customResourceDefinition()))
  const label = crd.metadata.labels?.['app.kubernetes.io/version']
  const versions =
    label !== undefined && label !== programVersion ? ` (${label}; this is ${programVersion})` : ''
  if (missing.length > 0 || changed.length > 0) {
    const parts = [
      ...(missing.length > 0 ? [`it lacks ${fields(missing)}`] : []),
      ...(changed.length > 0 ? [`it has other rules for ${fields(changed)}`] : []),
      ...(extra.length > 0 ? [`it has ${fields(extra)} besides`] : []),
    ]
    return [
      finding('FR0211', {
        where,
        message: `${parts.join('; ')}${versions}`,
        fix: `upgrade the chart, or: ${apply}`,
      }),
    ]
  }
  if (extra.length === 0) return []
  return [
    finding('FR0212', {
      where,
      message: `it has ${fields(extra)}, which this version does not know${versions}`,
    }),
  ]
}

const fields = (paths: readonly string[]): string =>
  paths.length <= shown
    ? paths.join(', ')
    : `${paths.slice(0, shown).join(', ')} and ${paths.length - shown} more`
