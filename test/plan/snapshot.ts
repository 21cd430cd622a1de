import { isMap, LineCounter, parseAllDocuments } from 'yaml'
import type { FieldPath } from '../../src/api/problem.ts'
import type { RouteResource, RouteSnapshot } from '../../src/api/snapshot.ts'

/** Routes of one YAML text. A document `test: {…}` may say what surrounds them. */
export interface TestInput {
  readonly snapshot: RouteSnapshot
  /** Routes that an earlier plan was made of, under `test.previous`. */
  readonly previous: RouteSnapshot | undefined
  readonly explain: readonly unknown[]
}

interface Surroundings {
  readonly backends?: Record<string, string>
  readonly previous?: readonly unknown[]
  readonly explain?: readonly unknown[]
}

export const readInput = (file: string, text: string): TestInput => {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines })
  let surroundings: Surroundings = {}
  const routes: RouteResource[] = []
  for (const document of documents) {
    if ('errors' in document && document.errors.length > 0) throw document.errors[0]!
    const object = document.toJS() as unknown
    if (typeof object === 'object' && object !== null && 'test' in object) {
      surroundings = object.test as Surroundings
      continue
    }
    const locate = (path: FieldPath) => {
      for (let depth = path.length; depth > 0; depth--) {
        const parent = document.getIn(path.slice(0, depth - 1), true)
        const step = path[depth - 1]
        const pair = isMap(parent)
          ? parent.items.find(item => String((item.key as { value?: unknown }).value) === step)
          : undefined
        const node = pair?.key ?? document.getIn(path.slice(0, depth), true)
        const range = (node as { range?: readonly number[] } | undefined)?.range
        if (range) return positionOf(range[0]!)
      }
      return positionOf(document.contents?.range?.[0] ?? 0)
    }
    const positionOf = (offset: number) => {
      const { line, col } = lines.linePos(offset)
      return { file, line, column: col }
    }
    routes.push(resourceOf(object, locate))
  }
  const { previous, backends } = surroundings
  return {
    snapshot: {
      routes,
      backends: backends && new Map(Object.entries(backends)),
      problems: [],
    },
    previous: previous && snapshotOf(previous),
    explain: surroundings.explain ?? [],
  }
}

/** Resources without places, as a cluster would give them. */
export const snapshotOf = (objects: readonly unknown[]): RouteSnapshot => ({
  routes: objects.map(object => resourceOf(object)),
  backends: undefined,
  problems: [],
})

export const resourceOf = (object: unknown, locate?: RouteResource['locate']): RouteResource => {
  const metadata = (object as { metadata?: { name?: unknown; namespace?: unknown } } | null)?.metadata
  const namespace = typeof metadata?.namespace === 'string' ? metadata.namespace : 'default'
  const name = typeof metadata?.name === 'string' ? metadata.name : 'unnamed'
  return { id: `${namespace}/${name}`, namespace, name, object, ...(locate && { locate }) }
}

/** A valid route, for tests that change one thing. */
export const routeObject = (name: string, spec: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: 'fanoutrelay.dev/v1alpha1',
  kind: 'FanOutRoute',
  metadata: { name, namespace: 'shop' },
  spec: { upstreams: [{ name: 'a', url: 'http://a:8080' }], ...spec },
})
