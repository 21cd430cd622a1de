import * as client from '@kubernetes/client-node'

type Schema = Readonly<Record<string, unknown>>

interface Model {
  getAttributeTypeMap(): readonly { readonly baseName: string; readonly type: string }[]
}

/** Schemas of types of the Kubernetes API, collected as they are referred to. */
export interface KubernetesSchemas {
  /** A schema that refers to that type: `V1Affinity`, `Array<V1Toleration>`. */
  reference(type: string): Schema
  readonly definitions: Readonly<Record<string, Schema>>
}

/** They are as strict as the rest of the schema: a misspelt `tolerations[0].opertor` fails like any other typo. */
export const kubernetesSchemas = (): KubernetesSchemas => {
  const definitions: Record<string, Schema> = {}

  const define = (type: string): Schema => {
    if (!definitions[type]) {
      const model = (client as unknown as Readonly<Record<string, Model | undefined>>)[type]
      if (!model?.getAttributeTypeMap) throw new Error(`the Kubernetes client has no type ${type}`)
      // Known before it is filled in: types may refer to themselves.
      definitions[type] = {}
      const fields = model
        .getAttributeTypeMap()
        .map(({ baseName, type: of }) => [baseName, quantities[`${type}.${baseName}`] ?? schemaOf(of)])
      definitions[type] = {
        type: 'object',
        properties: Object.fromEntries(fields),
        additionalProperties: false,
      }
    }
    return { $ref: `#/definitions/${type}` }
  }

  const schemaOf = (type: string): Schema => {
    const items = /^Array<(.*)>$/.exec(type)
    if (items) return { type: 'array', items: schemaOf(items[1]!) }
    const values = /^\{ \[key: string\]: (.*); \}$/.exec(type)
    if (values) return { type: 'object', additionalProperties: schemaOf(values[1]!) }
    return scalars[type] ?? define(type)
  }

  return { reference: schemaOf, definitions }
}

const scalars: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  number: { type: 'integer' },
  Date: { type: 'string' },
  any: {},
  IntOrString: { type: ['integer', 'string'] },
}

/** The client takes quantities for strings; people write `cpu: 1` as well. */
const quantity: Schema = { type: ['string', 'number'] }
const amounts: Schema = { type: 'object', additionalProperties: quantity }
const quantities: Readonly<Record<string, Schema>> = {
  'V1ResourceRequirements.limits': amounts,
  'V1ResourceRequirements.requests': amounts,
  'V1VolumeResourceRequirements.limits': amounts,
  'V1VolumeResourceRequirements.requests': amounts,
  'V1EmptyDirVolumeSource.sizeLimit': quantity,
  'V1ResourceFieldSelector.divisor': quantity,
}
