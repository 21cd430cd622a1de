import type { Machine } from './io.ts'

/** One option: parsing, `--help`, error messages and docs/cli.md are all made from this. */
export interface Option<T> {
  /** Without its dashes: `drain-delay`, which is `FANOUT_DRAIN_DELAY` in the environment. */
  readonly flag: string
  /** One letter: `o`. */
  readonly short?: string
  /** What stands for the value in help; absent = a switch. */
  readonly value?: string
  /** True = may be given more than once; in the environment one value a line. */
  readonly repeatable?: boolean
  /** True = what is given with the flag is an argument, in its place among those without one. */
  readonly positional?: boolean
  /** Its value may hold a password, so no message repeats it. */
  readonly secret?: boolean
  /** One sentence for help and documentation. */
  readonly description: string
  /** The default as a user would write it; empty = none. */
  readonly default: string | ((machine: Machine) => string)
  /** The default in words, where it depends on the machine. */
  readonly defaultText?: string
  /**
   * The value of the texts given, of which there are none without a default.
   *
   * @throws InvalidValue
   */
  read(texts: readonly string[], machine: Machine): T
}

/** Options of a verb by the name its code knows them by. */
export type Options = Readonly<Record<string, Option<unknown>>>

export type OptionValues<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never
}

/** A value as it is to be written where the wrong one came from: `--rate 50/s`, or `FANOUT_RATE=50/s`. */
export type Write = (value: string) => string

/** A text that is no value of its option; says what one looks like. */
export class InvalidValue extends Error {
  readonly fix: ((write: Write) => string) | undefined

  /** `expected` completes the sentence "it must be …". */
  constructor(expected: string, fix?: string | ((write: Write) => string)) {
    super(expected)
    this.fix = typeof fix === 'string' ? () => fix : fix
  }
}

/** `drain-delay` -> `FANOUT_DRAIN_DELAY` */
export const envName = (flag: string): string => `FANOUT_${flag.toUpperCase().replaceAll('-', '_')}`

/** A value behind its flag, or in its variable. `name` is one of `ParsedLine.names`. */
export const written = (name: string, value: string): string =>
  name.startsWith('--') ? `${name} ${value}` : `${name}=${value}`
