import { parseArgs } from 'node:util'
import { closest } from '../plan/suggest.ts'
import type { Io, Machine } from './io.ts'
import { envName, InvalidValue, type Option, type Options, type OptionValues, written } from './option.ts'
import { UsageError } from './usage-error.ts'

export interface ParsedLine<O extends Options> {
  readonly values: OptionValues<O>
  /** The texts in effect, by flag. */
  readonly settings: Readonly<Record<string, string>>
  /** Where each came from, by flag: `--drain-delay`, which stands for the default too, or `FANOUT_DRAIN_DELAY`. */
  readonly names: Readonly<Record<string, string>>
  readonly positionals: readonly string[]
  /** `--help` or `-h` was given; then nothing else has been looked at. */
  readonly help: boolean
}

/**
 * Reads a command line against a table of options: flag before environment before default.
 *
 * @throws UsageError for unknown options, missing and wrong values
 */
export const parseOptions = <O extends Options>(
  verb: string,
  options: O,
  args: readonly string[],
  { env, machine }: Pick<Io, 'env' | 'machine'>,
): ParsedLine<O> => {
  const { given, positionals, help } = readFlags(verb, Object.values(options), args)
  const settings: Record<string, string> = {}
  const names: Record<string, string> = {}
  const values: Record<string, unknown> = {}
  for (const [name, option] of help ? [] : Object.entries(options)) {
    const { texts, from } = textsOf(option, given, env, machine)
    settings[option.flag] = texts.join(' ')
    names[option.flag] = from
    values[name] = readValue(option, texts, from, machine)
  }
  return { values: values as OptionValues<O>, settings, names, positionals, help }
}

const textsOf = (
  option: Option<unknown>,
  given: ReadonlyMap<string, readonly string[]>,
  env: Io['env'],
  machine: Machine,
): { readonly texts: readonly string[]; readonly from: string } => {
  const flag = `--${option.flag}`
  const flags = given.get(option.flag)
  if (flags) return { texts: flags, from: flag }
  const variable = envName(option.flag)
  // An empty variable is how manifests and shells say "not set".
  if (env[variable]) return { texts: split(option, env[variable]), from: variable }
  const fallback = typeof option.default === 'string' ? option.default : option.default(machine)
  return { texts: fallback === '' ? [] : [fallback], from: flag }
}

const readFlags = (verb: string, options: readonly Option<unknown>[], args: readonly string[]) => {
  const given = new Map<string, string[]>()
  const positionals: string[] = []
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries([...options, helpOption].map(toParseArgs)),
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    if (token.name === 'help' || token.name === 'h') return { given, positionals, help: true }
    const option = options.find(({ flag }) => flag === token.name)
    if (!option) throw unknownOption(token.rawName, options, verb)
    const value = option.value === undefined ? (token.value ?? 'true') : token.value
    if (value === undefined || (!token.inlineValue && /^-[^0-9]/.test(value))) {
      throw new UsageError(`${token.rawName} needs a value`, {
        fix: `write --${option.flag} ${option.value}`,
      })
    }
    if (option.positional) {
      positionals.push(value)
      continue
    }
    const before = given.get(option.flag)
    if (before && !option.repeatable) {
      throw new UsageError(`--${option.flag} is given twice`, { fix: 'give it once' })
    }
    given.set(option.flag, [...(before ?? []), value])
  }
  return { given, positionals, help: false }
}

const helpOption = { flag: 'help', short: 'h' }

const toParseArgs = ({ flag, short, value }: { flag: string; short?: string; value?: string }) =>
  [
    flag,
    { type: value === undefined ? 'boolean' : 'string', multiple: true, ...(short && { short }) },
  ] as const

const split = (option: Option<unknown>, value: string): readonly string[] =>
  option.repeatable ? value.split('\n').filter(line => line !== '') : [value]

const readValue = (
  option: Option<unknown>,
  texts: readonly string[],
  from: string,
  machine: Machine,
): unknown => {
  try {
    return option.read(texts, machine)
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    const problem = option.secret ? 'has a wrong value' : `cannot be "${texts.join(' ')}"`
    throw new UsageError(`${from} ${problem}`, {
      why: `it must be ${error.message}`,
      fix: error.fix?.(value => written(from, value)) ?? `write ${exampleOf(option, from, machine)}`,
    })
  }
}

const exampleOf = (option: Option<unknown>, from: string, machine: Machine): string => {
  // Behind its flag the value of a switch would be an argument.
  if (option.value === undefined)
    return from.startsWith('--') ? `${from} or ${from}=false` : `${from}=true or ${from}=false`
  const fallback = typeof option.default === 'string' ? option.default : option.default(machine)
  return written(from, fallback || option.value)
}

const unknownOption = (rawName: string, options: readonly Option<unknown>[], verb: string): UsageError => {
  const meant = closest(rawName.replace(/^-+/, ''), [...options.map(({ flag }) => flag), 'help'])
  const help = `fanout-relay ${verb} --help shows all options`
  return new UsageError(`${verb} has no option ${rawName}`, {
    fix: meant ? `did you mean --${meant}? ${help}` : help,
  })
}
