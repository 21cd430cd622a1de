import type { RouteSnapshot } from '../api/snapshot.ts'
import { assemble } from './assemble.ts'
import { readContent } from './file-content.ts'
import { FileSet } from './file-set.ts'

export interface TextInput {
  /** What problems call it: `<stdin>`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** Reads files and directories once, and texts that are not in files beside them. */
export const readRoutes = async (
  paths: readonly string[],
  texts: readonly TextInput[] = [],
): Promise<RouteSnapshot> => {
  const files = await new FileSet(paths).scan()
  const contents = await Promise.all(texts.map(({ name, bytes }) => readContent(bytes, name, 'routes')))
  return assemble([...files.contents, ...contents], files.problems, [
    ...paths,
    ...texts.map(({ name }) => name),
  ])
}
