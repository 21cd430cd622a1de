import { backendRefs } from '../controller/resolve-refs.ts'
import { factValue } from './fact.ts'
import type { ClusterFacts } from './facts.ts'
import { type CheckFinding, finding } from './finding.ts'
import { type SelectingService, serviceNameLabel } from './objects.ts'
import { isReady } from './ready-endpoints.ts'

/** Services that routes send to and behind which nobody is ready. Those that do not exist are told by the route. */
export const serviceFindings = ({ routes, services, endpoints }: ClusterFacts): readonly CheckFinding[] => {
  const known = new Map((factValue(services) ?? []).map(service => [keyOf(service), service]))
  const ready = new Set(
    (factValue(endpoints) ?? [])
      .filter(isReady)
      .map(({ metadata }) => `${metadata.namespace}/${metadata.labels?.[serviceNameLabel]}`),
  )
  const uses = (factValue(routes) ?? []).flatMap(route =>
    backendRefs(route).map(ref => ({
      service: `${ref.namespace ?? route.metadata.namespace}/${ref.name}`,
      by: `upstream ${ref.upstream} of route ${route.metadata.namespace}/${route.metadata.name}`,
    })),
  )
  return [...Map.groupBy(uses, ({ service }) => service)].flatMap(([key, users]) => {
    const service = known.get(key)
    if (!service || service.spec?.type === 'ExternalName' || ready.has(key)) return []
    return [
      silent(
        service,
        users.map(({ by }) => by),
      ),
    ]
  })
}

const silent = (service: SelectingService, users: readonly string[]): CheckFinding => {
  const { namespace, name } = service.metadata
  const selector = Object.entries(service.spec?.selector ?? {}).map(([key, value]) => `${key}=${value}`)
  const more = users.length > 1 ? ` and ${users.length - 1} more` : ''
  return finding('FR0245', {
    where: `Service ${namespace}/${name}`,
    message: `no endpoint is ready, and ${users[0]}${more} sends there`,
    fix:
      selector.length > 0
        ? `kubectl get pods -n ${namespace} -l ${selector.join(',')}, and start or mend them`
        : 'it selects no pods: give it a selector, or EndpointSlices of its own',
  })
}

const keyOf = ({ metadata }: SelectingService): string => `${metadata.namespace}/${metadata.name}`
