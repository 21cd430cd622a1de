import { routePaths } from './paths.ts'
import { relayConfig, relayOptions } from './relay-options.ts'
import { runRelay } from './run-relay.ts'
import { defineVerb } from './verb.ts'

export const run = defineVerb(
  {
    name: 'run',
    summary: 'Run the relay with routes from files',
    arguments: 'PATH…',
    description: [
      'Reads FanOutRoutes from YAML files and directories (.yaml, .yml, .json) and follows edits.',
      'backends.yaml in such a directory, or beside such a file, says where each backendRef leads:',
      '  inventory: http://localhost:9001',
      'A file that cannot be read keeps its last good routes in use; the log says what is wrong with it.',
    ],
    options: relayOptions,
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
    const paths = routePaths('run', input.positionals)
    const { fileSource } = await import('../config/file-source.ts')
    return runRelay(relayConfig(input, fileSource({ paths }), io.machine), io)
  },
)
