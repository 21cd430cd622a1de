/** Objects of one kind: what is listed and watched. */
export interface Resource {
  /** API group; '' = the core group. */
  readonly group: string
  readonly version: string
  /** `fanoutroutes` */
  readonly plural: string
  /** `undefined` = all namespaces, or a resource that has none. */
  readonly namespace?: string | undefined
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** Path of the API of a group, where discovery answers. */
export const groupPath = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`

/** Path of the collection with its selectors and further parameters. */
export const collectionPath = (
  resource: Resource,
  parameters: Readonly<Record<string, string | number | boolean | undefined>>,
): string => {
  const { namespace, plural, labelSelector, fieldSelector } = resource
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ labelSelector, fieldSelector, ...parameters }))
    if (value !== undefined) query.set(name, String(value))
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${groupPath(resource)}${scope}/${plural}?${query}`
}

/** As messages name it. */
export const resourceName = ({ group, plural, namespace }: Resource): string => {
  const type = group === '' ? plural : `${plural}.${group}`
  return namespace === undefined ? type : `${type} in namespace ${namespace}`
}
