import type { Io } from './io.ts'
import type { Options } from './option.ts'
import { type ParsedLine, parseOptions } from './parse-options.ts'
import { asCalled } from './program-name.ts'
import { renderVerbHelp } from './verb-help.ts'

/** What help and documentation tell about a verb. */
export interface VerbText {
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** Arguments that are not options: `PATH…`; empty = none. */
  readonly arguments: string
  /** A paragraph or two, on lines as they are to be shown. */
  readonly description: readonly string[]
  readonly options: Options
  /** Commands worth copying, each with what it does. */
  readonly examples: readonly (readonly [command: string, effect: string])[]
}

export interface Verb extends VerbText {
  /** Resolves with the exit code: 0 fine, 1 findings. @throws UsageError, which means 2 */
  execute(args: readonly string[], io: Io): Promise<number>
}

/** A command line that has been read. */
export type VerbInput<O extends Options> = Omit<ParsedLine<O>, 'help'>

/** A verb with its options parsed and `--help` answered. */
export const defineVerb = <const O extends Options>(
  text: VerbText & { readonly options: O },
  run: (input: VerbInput<O>, io: Io) => Promise<number>,
): Verb => ({
  ...text,
  execute: async (args, io) => {
    const { help, ...input } = parseOptions(text.name, text.options, args, io)
    if (!help) return run(input, io)
    io.stdout(asCalled(renderVerbHelp(text), io.env))
    return 0
  },
})
