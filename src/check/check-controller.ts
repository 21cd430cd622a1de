import { controllerLease } from '../api/labels.ts'
import { factValue, unreadLine } from './fact.ts'
import type { ClusterFacts, LeaseFact } from './facts.ts'
import {
  type CheckFinding,
  type CheckLine,
  type CheckSection,
  finding,
  line,
  ok,
  skipped,
} from './finding.ts'
import type { WorkloadObject } from './objects.ts'
import { controllerDeployment } from './resources.ts'

/** A controller runs, leads, and is of this version. */
export const checkController = (facts: ClusterFacts, programVersion: string): CheckSection => ({
  title: 'Controller',
  lines: linesOf(facts, programVersion),
})

const linesOf = (facts: ClusterFacts, programVersion: string): readonly CheckLine[] => {
  const { controllers, leases } = facts
  const deployment = atHome(factValue(controllers) ?? [], facts.home)
  const lease = (factValue(leases) ?? []).find(one => one.lease.metadata.namespace === facts.home)
  if (controllers.kind === 'found' && leases.kind === 'found' && !deployment && !lease) {
    const missing = finding('FR0225', {
      where: `Deployment ${controllerDeployment}`,
      message: 'the controller is not installed: routes get no status and pods no relay',
      fix: 'helm install fanout-relay with the chart of this version; check --pre says whether you may',
    })
    return [line('it is installed', [missing])]
  }
  return [
    unreadLine('it runs', [controllers]) ?? runs(deployment, lease),
    unreadLine('a replica leads', [leases]) ?? leads(lease, facts.home),
    ...(deployment ? [sameVersion(deployment, programVersion)] : []),
  ]
}

const atHome = (controllers: readonly WorkloadObject[], home: string | undefined) =>
  controllers.find(({ metadata }) => metadata.namespace === home)

const runs = (deployment: WorkloadObject | undefined, lease: LeaseFact | undefined): CheckLine => {
  if (!deployment)
    return lease?.isAlive
      ? ok(`it runs, though not as Deployment ${controllerDeployment}`)
      : skipped('it runs', `there is no Deployment ${controllerDeployment} to look at`)
  const { metadata, spec, status } = deployment
  const where = `Deployment ${metadata.namespace}/${metadata.name}`
  const available = status?.availableReplicas ?? 0
  const wanted = spec.replicas ?? 1
  const what = `${where} runs, ${available} of ${wanted} replicas available`
  if (available > 0) return ok(what)
  const why = status?.conditions?.find(({ status: value }) => value === 'False')?.message
  const message = wanted === 0 ? 'it is scaled to 0' : `no replica is available${why ? `: ${why}` : ''}`
  const fix =
    wanted === 0
      ? `kubectl scale -n ${metadata.namespace} deployment ${metadata.name} --replicas=2`
      : `see why: kubectl describe pods -n ${metadata.namespace} -l app.kubernetes.io/component=controller`
  return line(what, [finding('FR0225', { where, message, fix })])
}

const leads = (found: LeaseFact | undefined, home: string | undefined): CheckLine => {
  const where = `Lease ${home === undefined ? '' : `${home}/`}${controllerLease}`
  const holder = found?.lease.spec?.holderIdentity
  if (found?.isAlive) return ok(`${holder} leads`)
  return line('a replica leads', [
    finding('FR0226', {
      where,
      message: leaseProblem(found),
      fix: `read the log: kubectl logs -n ${home ?? 'NAMESPACE'} deploy/${controllerDeployment}`,
    }),
  ])
}

const leaseProblem = (found: LeaseFact | undefined): string => {
  if (!found) return 'it is not there: no replica has ever led'
  const { holderIdentity, renewTime } = found.lease.spec ?? {}
  return holderIdentity
    ? `${holderIdentity} has not renewed it since ${renewTime ?? 'it was made'}`
    : 'nobody holds it'
}

const sameVersion = ({ metadata }: WorkloadObject, programVersion: string): CheckLine => {
  const installed = metadata.labels?.['app.kubernetes.io/version']
  const what = `it is of version ${programVersion}`
  const findings: readonly CheckFinding[] =
    installed === undefined || installed === programVersion
      ? []
      : [
          finding('FR0227', {
            where: `Deployment ${metadata.namespace}/${metadata.name}`,
            message: `version ${installed} is installed; this program is ${programVersion}`,
          }),
        ]
  return line(what, findings)
}
