import { clusterRoutes } from './cluster-routes.ts'
import { fileRoutes } from './file-routes.ts'
import { isFromKubernetes, kubernetesOptions } from './kubernetes-options.ts'
import { routePaths } from './paths.ts'
import { relayConfig, relayOptions } from './relay-options.ts'
import { runRelay } from './run-relay.ts'
import { defineVerb } from './verb.ts'

export const run = defineVerb(
  {
    name: 'run',
    summary: 'Run the relay with routes from files, or from the API server',
    arguments: '[PATH…]',
    description: [
      'Reads FanOutRoutes from YAML files and directories (.yaml, .yml, .json) and follows edits.',
      'backends.yaml in such a directory, or beside such a file, says where each backendRef leads:',
      '  inventory: http://localhost:9001',
      'In a pod, or with --kubernetes, routes come from the API server and no PATH is given.',
      'A file that cannot be read keeps its last good routes in use; the log says what is wrong with it.',
    ],
    options: { ...relayOptions, ...kubernetesOptions },
    examples: [
      [
        'fanout-relay run routes/',
        'the data port is http://localhost:4780, the admin API http://localhost:4781',
      ],
      [
        'fanout-relay run orders.yaml --listen 8080 --log-level debug',
        'one file, another port, more to read',
      ],
    ],
  },
  async (input, io) => {
    const { values, names, positionals } = input
    const source = isFromKubernetes(values, positionals, io.env, names['kubernetes'])
      ? await clusterRoutes(values, io.env)
      : await fileRoutes(routePaths('run', positionals))
    return runRelay(relayConfig(input, source, io.machine), io)
  },
)
