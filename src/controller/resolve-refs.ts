import { type ConditionReason, reasons } from '../api/labels.ts'
import type { Finding } from './conditions.ts'
import type { RouteObject, ServiceObject, ServicePort } from './resources.ts'

export type FindService = (namespace: string, name: string) => ServiceObject | undefined

interface Missing {
  readonly reason: ConditionReason
  readonly text: string
}

/** ResolvedRefs: whether every Service and port that the route sends to exists. */
export const resolvedRefs = (route: RouteObject, findService: FindService): Finding => {
  const namespace = route.metadata.namespace ?? ''
  const refs = backendRefs(route)
  const missing = refs.flatMap(ref => {
    const found = check(ref, namespace, findService)
    return found ? [found] : []
  })
  if (missing.length > 0)
    return { status: 'False', reason: missing[0]!.reason, message: missing.map(({ text }) => text).join(' ') }
  const message = refs.length > 0 ? 'All Services and their ports exist.' : 'The route names no Service.'
  return { status: 'True', reason: reasons.resolvedRefs, message }
}

export interface BackendRef {
  readonly upstream: string
  readonly name: string
  readonly namespace: string | undefined
  readonly port: number
}

const check = (
  { upstream, name, namespace, port }: BackendRef,
  routeNamespace: string,
  findService: FindService,
): Missing | undefined => {
  const target = namespace ?? routeNamespace
  const service = findService(target, name)
  const place = `Upstream "${upstream}":`
  if (!service) {
    const text = `${place} there is no Service "${name}" in namespace "${target}". Create it, or correct backendRef.`
    return { reason: reasons.backendNotFound, text }
  }
  // A name of DNS has whatever ports its host has.
  if (service.spec?.type === 'ExternalName') return undefined
  const known = service.spec?.ports ?? []
  const ports = known.filter(isTcp).map(one => one.port)
  if (ports.includes(port)) return undefined
  const other = known.find(one => one.port === port)?.protocol
  // Of another tenant's Service the author learns no more than was asked for.
  const hint =
    target === routeNamespace && ports.length > 0
      ? `use one of ${ports.slice(0, 8).join(', ')}`
      : 'correct backendRef.port'
  const named = `Service "${name}" in namespace "${target}"`
  const text =
    other === undefined
      ? `${place} ${named} has no port ${port}; ${hint}.`
      : `${place} port ${port} of ${named} is ${other}; the relay speaks TCP: ${hint}.`
  return { reason: reasons.portNotFound, text }
}

/** The API server writes the protocol out; TCP is what it is without. */
const isTcp = ({ protocol = 'TCP' }: ServicePort): boolean => protocol === 'TCP'

/** As far as they can be read: an invalid route is told about its references all the same. */
export const backendRefs = ({ spec }: RouteObject): readonly BackendRef[] => {
  const upstreams = (spec as { upstreams?: unknown } | null | undefined)?.upstreams
  if (!Array.isArray(upstreams)) return []
  return upstreams.slice(0, 16).flatMap((upstream: unknown): readonly BackendRef[] => {
    const { name: leg, backendRef } = (upstream ?? {}) as { name?: unknown; backendRef?: unknown }
    const { name, namespace, port } = (backendRef ?? {}) as Record<string, unknown>
    if (typeof name !== 'string' || typeof port !== 'number') return []
    return [
      { upstream: String(leg), name, namespace: typeof namespace === 'string' ? namespace : undefined, port },
    ]
  })
}
