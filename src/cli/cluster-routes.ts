import type { RelayConfig } from './config.ts'
import type { Io } from './io.ts'
import { clusterOf, type kubernetesOptions } from './kubernetes-options.ts'
import type { OptionValues } from './option.ts'
import { UsageError } from './usage-error.ts'

type Values = OptionValues<typeof kubernetesOptions>

/** Routes from the API server. @throws UsageError for a cluster that cannot be reached as told */
export const clusterRoutes = async (values: Values, env: Io['env']): Promise<RelayConfig['source']> => {
  const options = clusterOf(values, env)
  // A relay on files pays for none of this.
  const { loadCluster } = await import('../kubernetes/cluster.ts')
  const { kubernetesSource } = await import('../config/kubernetes-source.ts')
  const { ApiError } = await import('../kubernetes/api-error.ts')
  const { buildInfo } = await import('../serve/build-info.ts')
  const { podLabels, routeCache } = values
  try {
    const client = await loadCluster({ ...options, userAgent: `fanout-relay/${buildInfo.version}` })
    return parts => kubernetesSource({ client, podLabels, routeCache, ...parts })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new UsageError('the API server cannot be reached as told', {
      why: error.message,
      fix: error.fix ?? 'see --kubeconfig, --context and --token-dir',
    })
  }
}
