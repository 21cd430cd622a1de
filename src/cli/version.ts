import { buildInfo } from '../serve/build-info.ts'
import { outputOption, toJson } from './output-option.ts'
import { noArguments } from './paths.ts'
import { defineVerb } from './verb.ts'

export const version = defineVerb(
  {
    name: 'version',
    summary: 'Print the version, and that of Node',
    arguments: '',
    description: [],
    options: { output: outputOption },
    examples: [['fanout-relay version -o json', 'for programs']],
  },
  async ({ values, positionals }, io) => {
    noArguments('version', positionals)
    const { version: product, revision, node } = buildInfo
    io.stdout(
      values.output === 'json'
        ? toJson(buildInfo)
        : `fanout-relay ${product}${revision === 'unknown' ? '' : ` (${revision})`}, Node ${node}\n`,
    )
    return 0
  },
)
