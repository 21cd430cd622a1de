import type { ClusterClient } from './api-client.ts'
import { ApiError } from './api-error.ts'
import { type KubernetesObject, keyOf, received } from './objects.ts'
import { collectionPath, type Resource } from './resource.ts'

const pageSize = 500
/** One page. */
const deadlineMs = 15_000

/** A collection as it was at one resource version. */
export interface Listed<T> {
  readonly objects: ReadonlyMap<string, T>
  readonly version: string
}

interface ListBody {
  readonly metadata?: { readonly resourceVersion?: unknown; readonly continue?: unknown } | null
  readonly items?: unknown
}

/**
 * Reads the whole collection, page by page. When the history that holds the pages together is gone (410), it is
 * read once more from the start, and then in one piece, which cannot expire.
 *
 * @throws ApiError
 */
export const list = async <T extends KubernetesObject>(
  client: ClusterClient,
  resource: Resource,
  signal: AbortSignal,
): Promise<Listed<T>> => {
  for (const limit of [pageSize, pageSize, undefined]) {
    try {
      return await listPages(client, resource, limit, signal)
    } catch (error) {
      if (limit === undefined || !(error instanceof ApiError) || error.reason !== 'expired') throw error
    }
  }
  throw new Error('unreachable: the last round returns or throws')
}

const listPages = async <T extends KubernetesObject>(
  client: ClusterClient,
  resource: Resource,
  limit: number | undefined,
  signal: AbortSignal,
): Promise<Listed<T>> => {
  const objects = new Map<string, T>()
  let token: string | undefined
  for (;;) {
    const path = collectionPath(resource, { limit, continue: token })
    const page = (await client.request({ path, deadlineMs, signal })).body as ListBody | undefined
    const { resourceVersion: version, continue: next } = page?.metadata ?? {}
    if (!Array.isArray(page?.items) || typeof version !== 'string')
      throw new ApiError('invalid', 'the answer is not a list')
    for (const item of page.items) {
      const object = received<T>(item)
      objects.set(keyOf(object), object)
    }
    if (typeof next !== 'string' || next === '') return { objects, version }
    token = next
  }
}
