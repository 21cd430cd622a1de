import { excerpt, type Problem } from '../api/problem.ts'
import type { YamlDocument } from './yaml-text.ts'

/** One line of a backends file: where a backendRef leads off-cluster. */
export interface BackendEntry {
  /** `name`, `name:port`, `namespace/name` or `namespace/name:port` */
  readonly key: string
  /** Scheme, host and port: `http://localhost:9001`. */
  readonly url: string
  readonly location: NonNullable<Problem['location']>
}

const label = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?'
const keyPattern = new RegExp(`^(?:${label}/)?${label}(?::[0-9]{1,5})?$`)
const howTo = 'write one line for each Service, such as inventory: http://localhost:9001'

/** Reads the mapping in a `backends.yaml`. Wrong entries are reported and left out, the others count. */
export const backendsOf = (
  documents: readonly YamlDocument[],
): { readonly backends: readonly BackendEntry[]; readonly problems: readonly Problem[] } => {
  const backends: BackendEntry[] = []
  const problems: Problem[] = []
  for (const { value, locate } of documents) {
    const report = (path: readonly string[], message: string, fix: string) =>
      problems.push({ severity: 'error', code: 'FR0044', message, fix, location: locate(path) })
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      report([], 'a backends file must be a mapping from Service names to URLs', howTo)
      continue
    }
    for (const [key, url] of Object.entries(value)) {
      const wrong = keyPattern.test(key)
        ? wrongUrl(url)
        : `backend "${excerpt(key)}" is not the name of a Service`
      if (wrong === undefined) backends.push({ key, url: url as string, location: locate([key]) })
      else {
        const keys = 'keys are name, name:port, namespace/name or namespace/name:port'
        report([key], wrong, keyPattern.test(key) ? howTo : keys)
      }
    }
  }
  return { backends, problems }
}

/** Why a URL cannot be that of a backend, or `undefined`. The path is the route's business. */
const wrongUrl = (url: unknown): string | undefined => {
  if (typeof url !== 'string') return 'the URL of a backend must be a string'
  const parsed = URL.parse(url)
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol))
    return `"${withoutSecrets(url)}" is not an http:// or https:// URL`
  if (parsed.username !== '' || parsed.password !== '')
    return 'the URL of a backend must not carry credentials'
  if (parsed.pathname !== '/' || parsed.search !== '' || parsed.hash !== '') {
    return `"${withoutSecrets(url)}" must end after host and port: paths are for request.urlRewrite of the route`
  }
  return undefined
}

/** A URL for a message: what stands before @ or after ? may be a credential, even where the URL is malformed. */
const withoutSecrets = (url: string): string =>
  excerpt(url.replace(/\/\/.*@/s, '//…@').replace(/\?.*/s, '?…'))
