import { noArguments } from './paths.ts'
import { defineVerb } from './verb.ts'

export const crd = defineVerb(
  {
    name: 'crd',
    summary: 'Print the CustomResourceDefinition of FanOutRoute',
    arguments: '',
    description: [],
    options: {},
    examples: [['fanout-relay crd | kubectl apply --server-side -f -', 'teach a cluster the FanOutRoute']],
  },
  async ({ positionals }, io) => {
    noArguments('crd', positionals)
    // Loaded here because the other verbs do not need the schema renderer.
    const { renderCrd } = await import('../api/crd.ts')
    io.stdout(renderCrd())
    return 0
  },
)
