import { stringify } from 'yaml'
import * as z from 'zod'
import { fanOutRoute } from './fan-out-route.ts'
import { categories, group, kind, plural, shortNames, singular, version } from './names.ts'

/** A node of the OpenAPI v3 schema that zod renders; only what our schema uses. */
export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly required?: readonly string[]
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly [keyword: string]: unknown
}

/** The schema of a FanOutRoute as authors write it: fields with a default may be missing. */
export const routeSchema = (): SchemaNode =>
  z.toJSONSchema(fanOutRoute, { target: 'openapi-3.0', io: 'input' }) as SchemaNode

/**
 * Makes a schema structural, which is what the API server asks of a CRD: unknown fields are refused by
 * `additionalProperties: false` in zod, by pruning and strict field validation in Kubernetes.
 */
const structural = (node: SchemaNode): SchemaNode => {
  const { $schema, additionalProperties, const: _, properties, items, default: fallback, ...rest } = node
  return {
    ...rest,
    ...(fallback !== undefined && { default: completed(node, fallback) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, structural(property)]),
      ),
    }),
    ...(items && { items: structural(items) }),
  }
}

/** Spells a default out to its leaves: rules see `self.type` of a defaulted path wherever they run. */
const completed = (node: SchemaNode, value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(item => completed(node.items ?? {}, item))
  if (typeof value !== 'object' || value === null) return value
  const filled: Record<string, unknown> = { ...value }
  for (const [name, property] of Object.entries(node.properties ?? {})) {
    const given = filled[name] === undefined ? property.default : filled[name]
    if (given !== undefined) filled[name] = completed(property, given)
  }
  return filled
}

const typeMeta = (description: string): SchemaNode => ({ type: 'string', description })

/** The CustomResourceDefinition of FanOutRoute, ready to be applied. */
export const customResourceDefinition = () => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        additionalPrinterColumns: [
          { name: 'Path', type: 'string', jsonPath: '.spec.matches[0].path.value' },
          { name: 'Success', type: 'string', jsonPath: '.spec.response.success' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description:
              'One request in, several services out: where requests go and what the caller gets back.',
            required: ['spec'],
            properties: {
              apiVersion: typeMeta('Version of the schema this object is written in.'),
              kind: typeMeta('Kind of the object: FanOutRoute.'),
              // The API server checks names itself and lets a CRD restrict nothing but them.
              metadata: { type: 'object', description: 'Name, namespace and labels.' },
              spec: structural(routeSchema().properties!['spec']!),
            },
          },
        },
      },
    ],
  },
})

/**
 * The same as YAML for every reader in a cluster's tool chain: not all take aliases, and kubectl reads YAML 1.1,
 * where a bare `on` is `true`.
 */
export const renderCrd = (): string =>
  stringify(customResourceDefinition(), { lineWidth: 110, aliasDuplicateObjects: false, compat: 'yaml-1.1' })
