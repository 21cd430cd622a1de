import { existsSync } from 'node:fs'
import { UsageError } from './usage-error.ts'

/**
 * The PATH arguments of a verb that reads routes, which must all exist. With `stdin`, `-` stands for standard input.
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
  const kind = 'every PATH must be a YAML file or a directory of YAML files'
  checkExist(stdin ? withoutStdin(paths) : paths, kind)
  return paths
}

/**
 * The FILE arguments of a verb that reads manifests, which must all exist; `-` stands for standard input.
 *
 * @throws UsageError
 */
export const manifestFiles = (verb: string, files: readonly string[]): readonly string[] => {
  if (files.length === 0) {
    throw new UsageError(`${verb} needs at least one FILE`, {
      why: 'pods are looked for in manifests: YAML or JSON files, or standard input',
      fix: `name them, for example: fanout-relay ${verb} -f deployment.yaml`,
    })
  }
  checkExist(withoutStdin(files), 'every FILE must be a file with manifests, or - for standard input')
  return files
}

const withoutStdin = (paths: readonly string[]): readonly string[] => paths.filter(path => path !== '-')

/** `kind` says what every one must be. */
const checkExist = (paths: readonly string[], kind: string): void => {
  const missing = paths.find(path => !existsSync(path))
  if (missing === undefined) return
  throw new UsageError(`${missing} does not exist`, {
    why: kind,
    fix: `check the spelling; paths are relative to ${process.cwd()}`,
  })
}

/** Refuses arguments for a verb that takes none. @throws UsageError */
export const noArguments = (verb: string, positionals: readonly string[]): void => {
  if (positionals.length === 0) return
  throw new UsageError(`${verb} takes no arguments, but got "${positionals[0]}"`, {
    fix: `fanout-relay ${verb} --help shows how to use it`,
  })
}
