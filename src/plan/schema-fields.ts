import { routeSchema, type SchemaNode } from '../api/crd.ts'
import { type FieldPath, formatFieldPath } from '../api/problem.ts'
import { lazy } from './lazy.ts'

/** What the schema knows, for words that help: which fields there are, and an example of each. */
export interface SchemaFields {
  at(path: FieldPath): SchemaNode | undefined
  /** Where else a field of this name exists: `spec.upstreams[].request.urlRewrite.hostname`. */
  placesOf(name: string): readonly string[]
}

const schemaFields = (root: SchemaNode): SchemaFields => ({
  at: path =>
    path.reduce<SchemaNode | undefined>(
      (node, step) => (typeof step === 'number' ? node?.items : ownProperty(node, step)),
      root,
    ),
  placesOf: name => collect(root, '', name),
})

/** Those of a FanOutRoute. */
export const routeFields = lazy(() => schemaFields(routeSchema()))

const ownProperty = (node: SchemaNode | undefined, name: string): SchemaNode | undefined =>
  node?.properties && Object.hasOwn(node.properties, name) ? node.properties[name] : valuesOf(node)

/** Schema of the values of a map, whatever their keys. */
const valuesOf = (node: SchemaNode | undefined): SchemaNode | undefined =>
  typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined

const collect = (node: SchemaNode, path: string, wanted: string): string[] => [
  ...Object.entries(node.properties ?? {}).flatMap(([name, property]) => {
    const here = formatFieldPath(path === '' ? [name] : [path, name])
    return [...(name === wanted ? [here] : []), ...collect(property, here, wanted)]
  }),
  ...(node.items ? collect(node.items, `${path}[]`, wanted) : []),
]

/** The example that the field's description gives, if any. */
export const exampleOf = (node: SchemaNode | undefined): string | undefined =>
  /Example: (\S+)/.exec(node?.description ?? '')?.[1]
