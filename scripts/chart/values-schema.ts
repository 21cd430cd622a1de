import { kubernetesSchemas } from './kubernetes-schema.ts'
import { quantitySchema } from './quantity-schema.ts'
import type { ChartValue } from './values-file.ts'

type Schema = Readonly<Record<string, unknown>>

/**
 * values.schema.json. Nothing is allowed that values.yaml does not have, so that a typo fails instead of doing
 * nothing. Draft 7, which Helm 3 reads as well.
 */
export const renderValuesSchema = (values: readonly ChartValue[]): string => {
  const kubernetes = kubernetesSchemas()

  const schemaOf = (value: ChartValue): Schema => {
    if (value.children) return { ...group(value.children), ...value.schema }
    const { kubernetes: type, annotation, ...given } = value.schema
    const description = value.description
    if (typeof annotation === 'string') return { description, ...quantitySchema(annotation) }
    // Keywords beside a `$ref` count for nothing in draft 7.
    if (typeof type === 'string') return { description, allOf: [kubernetes.reference(type)] }
    const schema = { description, ...inferred(value.default), ...given }
    if (isIncomplete(schema))
      throw new Error(`values.yaml: ${value.path} needs "# @schema" for what is in it`)
    return schema
  }

  const group = (children: readonly ChartValue[]): Schema => ({
    type: 'object',
    properties: Object.fromEntries(children.map(child => [child.name, schemaOf(child)])),
    additionalProperties: false,
  })

  const { properties, ...rest } = group(values)
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart fanout-relay',
    ...rest,
    properties,
    definitions: sorted(kubernetes.definitions),
  }
  return `${onOneLine(JSON.stringify(schema, null, 2))}\n`
}

/** Lists of texts as the formatter of the project writes them. */
const onOneLine = (json: string): string =>
  json.replace(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_, items: string) => `[${items.replace(/\n\s+/g, ' ')}]`)

const inferred = (value: unknown): Schema => {
  if (Array.isArray(value)) return { type: 'array' }
  if (Number.isInteger(value)) return { type: 'integer' }
  return { type: typeof value }
}

const isIncomplete = (schema: Schema): boolean =>
  (schema['type'] === 'array' && !schema['items']) ||
  (schema['type'] === 'object' && schema['additionalProperties'] === undefined)

const sorted = (definitions: Readonly<Record<string, Schema>>): Schema =>
  Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1)))
