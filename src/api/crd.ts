import { stringify } from 'yaml'
import * as z from 'zod'
import { fanOutRoute } from './fan-out-route.ts'
import { categories, group, kind, plural, shortNames, singular, version } from './names.ts'
import { routeStatus } from './status.ts'

/** A node of the OpenAPI v3 schema that zod renders; only what our schema uses. */
export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  /** Schema of the values of a map; `false` = there are no other fields. */
  readonly additionalProperties?: SchemaNode | boolean
  readonly required?: readonly string[]
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly [keyword: string]: unknown
}

/** The schema of a FanOutRoute as authors write it: fields with a default may be missing. */
export const routeSchema = (): SchemaNode => schemaOf(fanOutRoute)

const schemaOf = (type: z.ZodType): SchemaNode =>
  z.toJSONSchema(type, {
    target: 'openapi-3.0',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      // zod leaves defaults out where a value is transformed, as a number into the text of a size.
      if (zodSchema instanceof z.ZodDefault) jsonSchema.default ??= zodSchema.def.defaultValue
    },
  }) as SchemaNode

/**
 * Makes a schema structural, which is what the API server asks of a CRD: unknown fields are refused by
 * `additionalProperties: false` in zod, by pruning and strict field validation in Kubernetes.
 */
const structural = (node: SchemaNode): SchemaNode => {
  const { $schema, additionalProperties, const: _, properties, items, default: fallback, ...rest } = node
  const isIntOrString = rest['x-kubernetes-int-or-string'] === true
  return {
    ...(isIntOrString ? withoutType(rest) : rest),
    ...(fallback !== undefined && { default: completed(node, fallback) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, structural(property)]),
      ),
    }),
    ...(items && { items: structural(items) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: structural(additionalProperties),
    }),
  }
}

/** The API server knows the type of such a field by itself, and takes no other. */
const withoutType = ({ type: _, ...rest }: SchemaNode): SchemaNode => rest

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

const readyField = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`

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
          { name: 'Upstreams', type: 'string', jsonPath: '.status.summary.upstreams' },
          { name: 'Strategy', type: 'string', jsonPath: '.status.summary.strategy' },
          { name: 'Ready', type: 'string', jsonPath: readyField('status') },
          { name: 'Relays', type: 'string', jsonPath: '.status.summary.relays' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          { name: 'Reason', type: 'string', jsonPath: readyField('reason'), priority: 1 },
          { name: 'Message', type: 'string', jsonPath: readyField('message'), priority: 1 },
        ],
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description:
              'One request in, several services out: where requests go and what the caller gets back.',
            required: ['spec'],
            properties: {
              apiVersion: typeMeta('Version of the schema this object is written in.'),
              kind: typeMeta('Kind of the object: FanOutRoute.'),
              // The API server has a schema of its own for it and takes no other, a description included.
              metadata: { type: 'object' },
              spec: structural(routeSchema().properties!['spec']!),
              status: {
                description: 'What became of the route; the controller writes it.',
                ...structural(schemaOf(routeStatus)),
              },
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
