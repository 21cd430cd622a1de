import type { RouteSnapshot } from '../api/snapshot.ts'
import { assemble } from './assemble.ts'
import { type FileContent, noContent, readContent } from './file-content.ts'
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
  const contents = await Promise.all(texts.map(readText))
  return assemble([...files.contents, ...contents], files.problems, [
    ...paths,
    ...texts.map(({ name }) => name),
  ])
}

const readText = ({ name, bytes }: TextInput): Promise<FileContent> | FileContent => {
  if (Buffer.from(bytes).toString().trim() !== '') return readContent(bytes, name, 'routes')
  return noContent({
    severity: 'warning',
    code: 'FR0117',
    message: 'nothing came in',
    fix: 'check the command that is to write the routes',
    location: { file: name, line: 1, column: 1 },
  })
}
