import type { ClusterClient } from './api-client.ts'
import { ApiError, errorOfStatus } from './api-error.ts'
import { Lines } from './lines.ts'
import { type KubernetesObject, received } from './objects.ts'
import { collectionPath, type Resource } from './resource.ts'

/** A change, in the order of resource versions. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
}

export interface WatchOptions<T> {
  readonly version: string
  /** After this the server ends the watch itself. */
  readonly timeoutSeconds: number
  /** How much later we end it, because then the server or the way to it is gone. */
  readonly graceMs: number
  /** Longest time without a byte. */
  readonly silenceMs: number
  readonly signal: AbortSignal
  /** The server has begun to answer. */
  onOpen(): void
  onEvent(event: WatchEvent<T>): void
  /** Nothing happened up to this version. */
  onBookmark(version: string): void
  /** All events that came together have been told. */
  onChunk(): void
}

/**
 * Follows a collection from a resource version. Resolves when the server ends the watch, which is regular. What
 * the callbacks throw ends it too.
 *
 * @throws ApiError: `expired` when the version is too old, by status or in the stream
 */
export const watch = async <T extends KubernetesObject>(
  client: ClusterClient,
  resource: Resource,
  options: WatchOptions<T>,
): Promise<void> => {
  const { version, timeoutSeconds, graceMs, silenceMs, signal } = options
  const lines = new Lines(line => tell(line, options))
  await client.request({
    path: collectionPath(resource, {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: version,
      timeoutSeconds,
    }),
    deadlineMs: timeoutSeconds * 1000 + graceMs,
    silenceMs,
    signal,
    onHead: options.onOpen,
    onData: chunk => {
      lines.push(chunk)
      options.onChunk()
    },
  })
}

const tell = <T extends KubernetesObject>(line: string, options: WatchOptions<T>): void => {
  const { type, object } = parse(line)
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return options.onEvent({ type, object: received<T>(object) })
    case 'BOOKMARK':
      return options.onBookmark(bookmarked(object))
    case 'ERROR':
      throw errorOfStatus(object)
    default:
      throw new ApiError('invalid', `a watch event of unknown type ${String(type).slice(0, 40)}`)
  }
}

/** A line that is lost could be the one that counts, so it is not passed over. */
const parse = (line: string): { readonly type?: unknown; readonly object?: unknown } => {
  try {
    return (JSON.parse(line) ?? {}) as { type?: unknown; object?: unknown }
  } catch (cause) {
    throw new ApiError('invalid', 'a line of the watch is not JSON', { cause })
  }
}

const bookmarked = (object: unknown): string => {
  const { metadata } = (object ?? {}) as { readonly metadata?: { readonly resourceVersion?: unknown } | null }
  const version = metadata?.resourceVersion
  if (typeof version !== 'string') throw new ApiError('invalid', 'a bookmark without resourceVersion')
  return version
}
