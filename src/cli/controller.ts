import { randomBytes } from 'node:crypto'
import { buildInfo } from '../serve/build-info.ts'
import type { InjectorConfig } from './controller-config.ts'
import { controllerConfig, controllerOptions } from './controller-options.ts'
import { clusterOf } from './kubernetes-options.ts'
import { UsageError } from './usage-error.ts'
import { defineVerb } from './verb.ts'

export const controller = defineVerb(
  {
    name: 'controller',
    summary: 'Run the controller: status of routes in a cluster, and the injector',
    arguments: '',
    description: [
      'Writes what became of each FanOutRoute into its status, gives relays the right to read routes, and puts',
      'relays into pods that ask for one. Of several replicas one writes; every one answers the API server.',
      'What it may do in the cluster is what the chart gives its ServiceAccount; docs/kubernetes/conditions.md',
      'tells what it says and what to do about it.',
    ],
    options: controllerOptions,
    examples: [
      ['fanout-relay controller --relay-image fanout-relay:0.1.0', 'in a pod, as the chart runs it'],
      ['fanout-relay controller --namespace fanout-relay', 'from a laptop: status only, as your kubeconfig'],
    ],
  },
  async ({ values, positionals }, io) => {
    if (positionals.length > 0)
      throw new UsageError(`controller takes no argument "${positionals[0]}"`, {
        why: 'routes come from the API server',
        fix: 'leave it out',
      })
    const config = controllerConfig(
      values,
      clusterOf(values, io.env),
      io.machine,
      randomBytes(4).toString('hex'),
    )
    if (config.injector) await checkInjector(config.injector)
    const { serveController } = await import('../serve-controller.ts')
    const { ApiError } = await import('../kubernetes/api-error.ts')
    try {
      return await serveController(config)
    } catch (error) {
      if (error instanceof ApiError)
        throw new UsageError('the API server cannot be reached as told', {
          why: error.message,
          fix: error.fix ?? 'see --kubeconfig, --context and --token-dir',
        })
      // A port that cannot be opened.
      if (!(error instanceof Error) || error.name !== 'ListenError') throw error
      io.stderr(`fanout-relay: ${error.message}\n`)
      return 1
    }
  },
)

/** @throws UsageError for options that no pod could be injected with */
const checkInjector = async (options: InjectorConfig): Promise<void> => {
  const { checkOptions, InvalidOptions } = await import('../injector/sidecar-options.ts')
  try {
    checkOptions({ ...options, version: buildInfo.version })
  } catch (error) {
    if (!(error instanceof InvalidOptions)) throw error
    throw new UsageError(error.message, { fix: error.fix })
  }
}
