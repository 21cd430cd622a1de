import { apiVersion, defaultNamespace, group, kind } from '../api/names.ts'
import { excerpt, type Problem } from '../api/problem.ts'
import type { OtherReading, RouteResource } from '../api/snapshot.ts'
import type { YamlDocument } from './yaml-text.ts'

/** The FanOutRoutes of one file. */
export interface RouteDocuments {
  readonly routes: readonly RouteResource[]
  readonly problems: readonly Problem[]
}

interface ManifestLike {
  readonly apiVersion?: unknown
  readonly kind?: unknown
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } | null
  readonly items?: unknown
}

/** Picks the FanOutRoutes out of the documents of a file; items of a `kind: List` count as documents. */
export const routesOf = (documents: readonly YamlDocument[]): RouteDocuments => {
  const routes: RouteResource[] = []
  const problems: Problem[] = []
  for (const { value, locate, otherReadings } of documents) collect(value, locate, otherReadings)
  return { routes, problems }

  function collect(value: unknown, locate: YamlDocument['locate'], readings: readonly OtherReading[]): void {
    if (!isObject(value) || typeof value.kind !== 'string') {
      problems.push({
        severity: 'error',
        code: isObject(value) ? 'FR0003' : 'FR0004',
        message: isObject(value) ? 'this document has no kind' : 'this document is not a Kubernetes object',
        fix: `begin it with apiVersion: ${apiVersion} and kind: ${kind}`,
        location: locate([]),
      })
    } else if (value.kind === 'List' && Array.isArray(value.items)) {
      value.items.forEach((item, index) => {
        collect(item, path => locate(['items', index, ...path]), readingsOfItem(readings, index))
      })
    } else if (value.kind !== kind) {
      problems.push(otherKind(value, locate))
    } else if (typeof value.metadata?.name !== 'string' || value.metadata.name === '') {
      problems.push({
        severity: 'error',
        ...wrongName(value.metadata?.name),
        field: 'metadata.name',
        location: locate(['metadata', 'name']),
      })
    } else {
      const { name, namespace: given } = value.metadata
      const namespace = typeof given === 'string' && given !== '' ? given : defaultNamespace
      const otherReadings = readings.length > 0 && { otherReadings: readings }
      routes.push({ id: `${namespace}/${name}`, namespace, name, object: value, locate, ...otherReadings })
    }
  }
}

const wrongName = (name: unknown): Pick<Problem, 'code' | 'message' | 'fix'> => {
  if (name === undefined || name === null || name === '') {
    return {
      code: 'FR0003',
      message: `this ${kind} has no metadata.name, so nothing can refer to it`,
      fix: 'name it, for example metadata: {name: orders}',
    }
  }
  const isScalar = typeof name !== 'object'
  return {
    code: 'FR0004',
    message: `metadata.name must be text, not ${isScalar ? excerpt(String(name)) : 'a list or a map'}`,
    fix: isScalar ? `put quotes around it: "${excerpt(String(name))}"` : 'write a name, for example orders',
  }
}

const readingsOfItem = (readings: readonly OtherReading[], index: number): readonly OtherReading[] =>
  readings.flatMap(reading => {
    const [list, item, ...path] = reading.path
    return list === 'items' && item === index ? [{ ...reading, path }] : []
  })

const isObject = (value: unknown): value is ManifestLike =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Other kinds may share a file with routes; one of our own group that does not exist is a slip. */
const otherKind = (
  { apiVersion: version, kind: found }: ManifestLike,
  locate: YamlDocument['locate'],
): Problem => {
  const ours = typeof version === 'string' && version.startsWith(`${group}/`)
  return {
    severity: ours ? 'error' : 'warning',
    code: ours ? 'FR0006' : 'FR0110',
    message: ours
      ? `${group} has no kind ${excerpt(String(found))}`
      : `kind ${excerpt(String(found))} is not a ${kind}: the document is skipped`,
    fix: ours ? `write kind: ${kind}` : 'move it to another file, or ignore this',
    field: 'kind',
    location: locate(['kind']),
  }
}
