import { ApiError } from './api-error.ts'

/** What every object of the API has. */
export interface KubernetesObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: ObjectMeta
}

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** `namespace/name`, or `name` of what has no namespace. */
export const keyOf = ({ metadata: { namespace, name } }: KubernetesObject): string =>
  namespace === undefined ? name : `${namespace}/${name}`

/**
 * The object without `managedFields`, which can be larger than all the rest and says nothing to us.
 *
 * @throws ApiError `invalid` for what is no object
 */
export const received = <T extends KubernetesObject>(value: unknown): T => {
  const metadata = (value as { readonly metadata?: unknown } | null | undefined)?.metadata
  const { name, resourceVersion } = (metadata ?? {}) as Partial<ObjectMeta>
  if (typeof name !== 'string' || typeof resourceVersion !== 'string')
    throw new ApiError('invalid', 'an object without metadata.name or metadata.resourceVersion')
  delete (metadata as { managedFields?: unknown }).managedFields
  return value as T
}

/**
 * Whether one resource version is later than another: they are numbers that rise, of any length (KEP-5504).
 * Versions of another shape are not compared, and count as later.
 */
export const isLater = (version: string, than: string): boolean => {
  if (!number.test(version) || !number.test(than)) return version !== than
  return version.length === than.length ? version > than : version.length > than.length
}

const number = /^[1-9][0-9]*$/
