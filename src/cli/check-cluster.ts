import type { ClusterClient } from '../kubernetes/api-client.ts'
import type { ApiError } from '../kubernetes/api-error.ts'
import type { Io } from './io.ts'
import { clusterOf } from './kubernetes-options.ts'
import { UsageError } from './usage-error.ts'

type ClusterValues = Parameters<typeof clusterOf>[0]

/**
 * Opens a client for the length of one verb. Whatever the API server does wrong comes back as a value, so that the
 * verb can say it in its own way.
 *
 * @throws UsageError when nothing says which API server is meant, or a context that is not there
 */
export const withCluster = async <T>(
  values: ClusterValues,
  { env }: Pick<Io, 'env'>,
  use: (client: ClusterClient) => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: ApiError; readonly server: string }> => {
  const options = clusterOf(values, env)
  // Loaded here because other verbs need no cluster.
  const { loadCluster } = await import('../kubernetes/cluster.ts')
  const { NoSuchContext } = await import('../kubernetes/kubeconfig.ts')
  const { ApiError } = await import('../kubernetes/api-error.ts')
  let client: ClusterClient | undefined
  try {
    client = await loadCluster(options)
    return { value: await use(client) }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error instanceof NoSuchContext)
      throw new UsageError(error.message, { fix: error.fix ?? 'correct --context' })
    return { error, server: client?.server ?? '' }
  } finally {
    await client?.close()
  }
}
