import { existsSync } from 'node:fs'
import { UsageError } from './usage-error.ts'

/**
 * The PATH arguments of a verb, which must all exist. With `stdin`, `-` stands for standard input.
 *
 * @throws UsageError
 */
export const routePaths = (
  verb: string,
  paths: readonly string[],
  { stdin = false }: { readonly stdin?: boolean } = {},
): readonly string[] => {
  if (paths.length === 0) {
    throw new UsageError(`${verb} needs at least one PATH`, {
      why: 'routes are read from YAML files and directories',
      fix: `name them, for example: fanout-relay ${verb} routes/`,
    })
  }
  const missing = paths.find(path => !(stdin && path === '-') && !existsSync(path))
  if (missing !== undefined) {
    throw new UsageError(`${missing} does not exist`, {
      why: 'every PATH must be a YAML file or a directory of YAML files',
      fix: `check the spelling; paths are relative to ${process.cwd()}`,
    })
  }
  return paths
}

/** Refuses arguments for a verb that takes none. @throws UsageError */
export const noArguments = (verb: string, positionals: readonly string[]): void => {
  if (positionals.length === 0) return
  throw new UsageError(`${verb} takes no arguments, but got "${positionals[0]}"`, {
    fix: `fanout-relay ${verb} --help shows how to use it`,
  })
}
