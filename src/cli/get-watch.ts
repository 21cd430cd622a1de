import type { RouteObject } from '../controller/resources.ts'
import type { LogFields, Logger } from '../core/logger.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import type { Resource } from '../kubernetes/resource.ts'

export interface FollowOptions {
  readonly client: ClusterClient
  readonly resource: Resource
  readonly signal: AbortSignal
  /** Called for each route that is new or changed; `undefined` = it was deleted. */
  onRoute(key: string, route: RouteObject | undefined): void
  /** The API server cannot be followed, or can again. */
  onNotice(text: string): void
}

/** Follows routes until the signal aborts; failures are waited out. */
export const followRoutes = async (options: FollowOptions): Promise<void> => {
  const { client, resource, signal, onRoute, onNotice } = options
  const { Reflector } = await import('../kubernetes/reflector.ts')
  const timer = keepAlive()
  const reflector = new Reflector<RouteObject>({
    client,
    resource,
    spreadMs: 0,
    logger: noticeLogger(onNotice),
    onChange: (objects, changed) => {
      for (const key of changed) onRoute(key, objects.get(key))
    },
  })
  try {
    await reflector.run(signal)
  } finally {
    clearInterval(timer)
  }
}

/** Timers of the reflector keep no process alive, and while it waits there may be nothing else. */
const keepAlive = (): NodeJS.Timeout => setInterval(() => {}, 60_000)

const noticeLogger = (onNotice: (text: string) => void): Logger => {
  const tell = ({ detail }: LogFields, message: string): void => {
    onNotice(detail === undefined ? message : `${message}: ${String(detail)}`)
  }
  return { debug: () => {}, info: tell, warn: tell, error: tell }
}
