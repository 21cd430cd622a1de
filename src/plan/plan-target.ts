import type { UpstreamSpec } from '../api/fan-out-route.ts'
import type { FieldPath } from '../api/problem.ts'
import type { Report } from './finding.ts'
import { isOutOfShape, parseTarget, type Target } from './target.ts'

export interface TargetContext {
  /** Namespace of the route: that of backendRefs which name none. */
  readonly namespace: string
  /** `undefined` = in a cluster. */
  readonly backends: ReadonlyMap<string, string> | undefined
}

/** Where an upstream is. `undefined` when that cannot be told, which has been reported then. */
export const planTarget = (
  upstream: UpstreamSpec,
  path: FieldPath,
  context: TargetContext,
  report: Report,
): Target | undefined => {
  // With both or none rule FR0010 has spoken, but a URL can be checked all the same.
  if (upstream.url !== undefined) return planUrl(upstream.url, [...path, 'url'], report)
  return upstream.backendRef && planBackend(upstream.backendRef, [...path, 'backendRef'], context, report)
}

const planUrl = (url: string, path: FieldPath, report: Report): Target | undefined => {
  if (isOutOfShape(url)) return undefined
  const target = parseTarget(url)
  if ('reason' in target) {
    report({
      code: 'FR0042',
      path,
      message: `url ${target.reason}`,
      fix: 'write http://host:port, with a path only where every request is to go there',
    })
    return undefined
  }
  if (target.path === '/' && target.query === '') {
    report({
      code: 'FR0104',
      path,
      message: 'this url sends every request to /, whatever path the caller asked for',
      fix: `leave the last slash out to keep the caller's path: ${target.origin}`,
    })
  }
  return target
}

const planBackend = (
  { name, namespace, port }: NonNullable<UpstreamSpec['backendRef']>,
  path: FieldPath,
  { namespace: routeNamespace, backends }: TargetContext,
  report: Report,
): Target | undefined => {
  const inNamespace = `${namespace ?? routeNamespace}/${name}`
  if (backends === undefined) {
    return asTarget(`http://${name}.${namespace ?? routeNamespace}.svc:${port}`)
  }
  const keys = [`${inNamespace}:${port}`, inNamespace, `${name}:${port}`, name]
  const key = keys.find(candidate => backends.has(candidate))
  if (key === undefined) {
    report({
      code: 'FR0040',
      path,
      message: `no entry for ${inNamespace}:${port} in backends.yaml, and without a cluster there is no other way to find it`,
      fix: `add this line to backends.yaml: ${name}: http://localhost:${port}`,
    })
    return undefined
  }
  const target = asTarget(backends.get(key)!)
  if (target === undefined) {
    report({
      code: 'FR0044',
      path,
      message: `the entry ${key} of backends.yaml must be a base URL: scheme, host and port, nothing else`,
      fix: `write ${key}: http://localhost:${port}; a path belongs into the route`,
    })
  }
  return target
}

/** A base URL; its last slash means nothing here. */
const asTarget = (base: string): Target | undefined => {
  const url = base.replace(/\/$/, '')
  const target = isOutOfShape(url) ? undefined : parseTarget(url)
  return target && 'origin' in target && target.path === undefined ? target : undefined
}
