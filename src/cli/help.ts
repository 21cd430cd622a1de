import { findVerb } from './find-verb.ts'
import { asCalled } from './program-name.ts'
import { renderHelp } from './render-help.ts'
import { UsageError } from './usage-error.ts'
import { defineVerb } from './verb.ts'
import { renderVerbHelp } from './verb-help.ts'

export const help = defineVerb(
  {
    name: 'help',
    summary: 'Print this, or the help of one verb',
    arguments: '[VERB]',
    description: [],
    options: {},
    examples: [['fanout-relay help run', 'the same as fanout-relay run --help']],
  },
  async ({ positionals: [name, ...more] }, io) => {
    if (more[0] !== undefined)
      throw new UsageError(`help takes one VERB, but got "${more[0]}" as well`, { fix: 'leave it out' })
    // Loaded here because the list of verbs holds this one.
    const { verbs } = await import('./verbs.ts')
    if (name === undefined) io.stdout(asCalled(renderHelp(verbs), io.env))
    else io.stdout(asCalled(renderVerbHelp(findVerb(name, verbs)), io.env))
    return 0
  },
)
