import path from 'node:path'
import type { Problem } from '../api/problem.ts'
import { type FileContent, unreadable } from './file-content.ts'
import { type FoundFile, type FoundPath, findFiles, type WatchedDirectory } from './find-files.ts'
import { maxRoutes } from './limits.ts'
import { WatchedFile } from './watched-file.ts'

/** What one look at all files showed. */
export interface Scan {
  /** What each file holds, in the order of the files. */
  readonly contents: readonly FileContent[]
  /** About the paths themselves. */
  readonly problems: readonly Problem[]
  /** Where the next change will show. */
  readonly directories: readonly WatchedDirectory[]
  /** False when contents and problems are those of the look before. */
  readonly changed: boolean
}

/** Files looked at side by side: enough to hide the latency of a network mount. */
const concurrency = 16

/** The files and directories a user gave, over time. Files that did not change are not parsed again. */
export class FileSet {
  readonly #paths: readonly string[]
  readonly #lastFound = new Map<string, FoundPath>()
  #files = new Map<string, WatchedFile>()
  #last: Scan | undefined

  constructor(paths: readonly string[]) {
    this.#paths = paths
  }

  async scan(): Promise<Scan> {
    const looked = await Promise.all(this.#paths.map(findFiles))
    const found = looked.map(one => this.#orLast(one))
    const problems = looked.flatMap(({ given, error }) =>
      error ? [unreadable(given, error.code ?? error.message)] : [],
    )
    problems.push(...unreadDirectories(found))

    const files = distinct(found.flatMap(({ files }) => files))
    if (files.length > maxRoutes) problems.push(tooManyFiles(files.length))
    const gone = new Set(found.flatMap(({ files, error }) => (error ? files.map(({ path }) => path) : [])))
    const contents = await this.#look(files.slice(0, maxRoutes), gone)

    const changed =
      !this.#last ||
      !sameContents(contents, this.#last.contents) ||
      !sameProblems(problems, this.#last.problems)
    const directories = looked.flatMap(({ directory }) => directory ?? [])
    this.#last = { contents, problems, directories, changed }
    return this.#last
  }

  /** A path that cannot be looked at any more keeps its files as they were: a mount may come back. */
  #orLast(found: FoundPath): FoundPath {
    const last = this.#lastFound.get(found.given)
    if (found.error && last) return { ...last, error: found.error }
    this.#lastFound.set(found.given, found)
    return found
  }

  /** Contents in the order of the files; those that are gone with their directory stay as they were. */
  async #look(files: readonly FoundFile[], gone: ReadonlySet<string>): Promise<readonly FileContent[]> {
    const next = new Map<string, WatchedFile>()
    for (const file of files) next.set(file.path, this.#files.get(file.path) ?? new WatchedFile(file))
    this.#files = next

    const contents: FileContent[] = []
    const queue = files.entries()
    const worker = async () => {
      for (const [index, { path }] of queue) {
        const file = next.get(path)!
        contents[index] = (gone.has(path) && file.content) || (await file.look())
      }
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
    return contents
  }
}

const sameContents = (these: readonly FileContent[], those: readonly FileContent[]): boolean =>
  these.length === those.length && these.every((content, index) => content === those[index])

const sameProblems = (these: readonly Problem[], those: readonly Problem[]): boolean =>
  JSON.stringify(these) === JSON.stringify(those)

/** One file may be reached by two paths: it counts where it is met first. */
const distinct = (files: readonly FoundFile[]): readonly FoundFile[] =>
  [...new Map(files.toReversed().map(file => [file.path, file])).values()].reverse()

/** Those that were not named by themselves. */
const unreadDirectories = (found: readonly FoundPath[]): readonly Problem[] => {
  const named = new Set(found.map(({ given }) => path.resolve(given)))
  return found
    .flatMap(({ unread }) => unread)
    .filter(directory => !named.has(path.resolve(directory)))
    .map(directory => ({
      severity: 'warning',
      code: 'FR0133',
      message: 'the files of this subdirectory are not read',
      fix: `name it as well: ${directory}`,
      location: { file: directory, line: 1, column: 1 },
    }))
}

const tooManyFiles = (count: number): Problem => ({
  severity: 'error',
  code: 'FR0046',
  message: `${count} files are more than the ${maxRoutes} that are read; the rest is left out`,
  fix: 'give the relay only the files it is to serve',
})
