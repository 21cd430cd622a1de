import type { Problem } from '../api/problem.ts'
import type { RouteSnapshot } from '../api/snapshot.ts'
import { assemble } from './assemble.ts'
import { type FileContent, noContent, readContent, unreadable } from './file-content.ts'
import { FileSet } from './file-set.ts'
import { isStream, readStream } from './read-stream.ts'

export interface TextInput {
  /** What problems call it: `<stdin>`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * Reads files and directories once, and texts that are not in files beside them. Pipes and devices that are
 * named are read as well. What cannot be read is an error: no earlier reading stands in for it.
 */
export const readRoutes = async (
  paths: readonly string[],
  texts: readonly TextInput[] = [],
): Promise<RouteSnapshot> => {
  const areStreams = await Promise.all(paths.map(isStream))
  const files = await new FileSet(paths.filter((_, i) => !areStreams[i])).scan()
  const contents = [...files.contents]
  // One after another, as `cat` would: each holds a thread until its writer is done.
  for (const stream of new Set(paths.filter((_, i) => areStreams[i]))) contents.push(await readNamed(stream))
  contents.push(...(await Promise.all(texts.map(readText))))
  const names = [...paths, ...texts.map(({ name }) => name)]
  const { problems, ...snapshot } = assemble(contents, files.problems, names)
  return { ...snapshot, problems: problems.map(asFinal) }
}

const asFinal = (problem: Problem): Problem =>
  problem.code === 'FR0112' ? { ...problem, severity: 'error' } : problem

const readNamed = async (path: string): Promise<FileContent> => {
  try {
    return await readText({ name: path, bytes: await readStream(path) })
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException
    return noContent(unreadable(path, code))
  }
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
