import type { RequestSpec, RouteSpec, UpstreamSpec } from '../api/fan-out-route.ts'
import type { FieldPath } from '../api/problem.ts'
import { parseDuration } from '../api/scalars.ts'
import { connectionHeaders } from './connection-headers.ts'
import type { Report } from './finding.ts'
import { planLegPolicies } from './plan-policies.ts'
import { planTarget, type TargetContext } from './plan-target.ts'
import type { Target } from './target.ts'
import type { PlannedHeaders, PlannedLeg, PlannedPath } from './types.ts'

/** What a leg takes over from its route where it says nothing itself. */
export interface Inherited {
  readonly timeouts: RouteSpec['timeouts'] | undefined
  readonly retry: RouteSpec['retry']
  readonly idempotencyKey: RouteSpec['idempotencyKey']
}

/** An upstream with everything it inherits, or `undefined` when it leads nowhere, which has been reported then. */
export const planLeg = (
  upstream: UpstreamSpec,
  { timeouts, retry, idempotencyKey }: Inherited,
  path: FieldPath,
  context: TargetContext,
  report: Report,
): PlannedLeg | undefined => {
  const { name, role, request } = upstream
  checkHeaderNames(request?.headers, [...path, 'request', 'headers'], idempotencyKey?.header, report)
  const target = planTarget(upstream, path, context, report)
  if (target === undefined) return undefined
  const own = upstream.timeouts
  return {
    name,
    role,
    origin: target.origin,
    host: request?.urlRewrite?.hostname,
    method: request?.method,
    path: planPath(target, request?.urlRewrite?.path),
    headers: planHeaders(request?.headers),
    attemptTimeoutMs: parseDuration(own?.backendRequest ?? timeouts?.backendRequest ?? '0s'),
    legTimeoutMs: parseDuration(own?.request ?? timeouts?.request ?? '0s'),
    sample: planSample(upstream),
    ...planLegPolicies(upstream, retry),
  }
}

type PathRewrite = NonNullable<RequestSpec['urlRewrite']>['path']

const planPath = (target: Target, rewrite: PathRewrite): PlannedPath => {
  if (target.path !== undefined) return { kind: 'full', path: target.path, query: target.query }
  if (rewrite?.replaceFullPath !== undefined) {
    return { kind: 'full', path: rewrite.replaceFullPath, query: '' }
  }
  if (rewrite?.replacePrefixMatch !== undefined) {
    return { kind: 'prefix', replacement: rewrite.replacePrefixMatch }
  }
  return { kind: 'keep' }
}

const planHeaders = (edits: RequestSpec['headers']): PlannedHeaders | undefined =>
  edits && {
    set: (edits.set ?? []).map(({ name, value }) => [name, value] as const),
    add: (edits.add ?? []).map(({ name, value }) => [name, value] as const),
    remove: (edits.remove ?? []).map(name => name.toLowerCase()),
  }

const planSample = ({ role, percent = 100, sampleBy }: UpstreamSpec): PlannedLeg['sample'] =>
  role === 'Shadow' && percent < 100 ? { percent, header: sampleBy?.header.toLowerCase() } : undefined

const checkHeaderNames = (
  edits: RequestSpec['headers'],
  path: FieldPath,
  keyHeader: string | undefined,
  report: Report,
): void => {
  const check = (name: string, at: FieldPath): void => {
    if (name.toLowerCase() === keyHeader?.toLowerCase()) {
      report({
        code: 'FR0047',
        path: at,
        message: `${name} carries the idempotency key, which the relay makes for each upstream`,
        fix: 'remove this entry, or name another header in spec.idempotencyKey',
      })
    }
    if (!connectionHeaders.has(name.toLowerCase())) return
    report({
      code: 'FR0047',
      path: at,
      message: `${name} is made by the relay for each connection, so a route may not touch it`,
      fix: name.toLowerCase() === 'host' ? 'use request.urlRewrite.hostname' : 'remove this entry',
    })
  }
  edits?.set?.forEach(({ name }, i) => {
    check(name, [...path, 'set', i, 'name'])
  })
  edits?.add?.forEach(({ name }, i) => {
    check(name, [...path, 'add', i, 'name'])
  })
  edits?.remove?.forEach((name, i) => {
    check(name, [...path, 'remove', i])
  })
}
