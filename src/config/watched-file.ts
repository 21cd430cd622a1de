import { readFile, stat } from 'node:fs/promises'
import type { Problem } from '../api/problem.ts'
import { type FileContent, noContent, notRegular, readContent, tooLarge, unreadable } from './file-content.ts'
import type { FoundFile } from './find-files.ts'
import { maxFileBytes } from './limits.ts'

/** A change within this time of the last one may leave time stamp and size as they were; then the bytes decide. */
const coarseStampMs = 2000

/** One file over time: reads it when its stamp changed, parses it when its bytes did. */
export class WatchedFile {
  readonly #file: FoundFile
  #stamp = ''
  #bytes: Buffer | undefined
  #content: FileContent | undefined
  #lastComplete: FileContent | undefined

  constructor(file: FoundFile) {
    this.#file = file
  }

  /** What was found at the last look. */
  get content(): FileContent | undefined {
    return this.#content
  }

  /** What the file holds now: the same object until that changes. */
  async look(): Promise<FileContent> {
    const seen = await this.#read()
    if (seen === 'unchanged') return this.#content!
    const content = Buffer.isBuffer(seen) ? await readContent(seen, this.#file.name, this.#file.role) : seen
    if (content.complete) this.#lastComplete = content
    this.#content = content.complete || !this.#lastComplete ? content : asBefore(content, this.#lastComplete)
    return this.#content
  }

  async #read(): Promise<Buffer | FileContent | 'unchanged'> {
    try {
      const stats = await stat(this.#file.path, { bigint: true })
      const { dev, ino, size, mtimeNs, ctimeNs } = stats
      const stamp = `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
      if (stamp === this.#stamp) return 'unchanged'
      // A pipe would block, a device never end.
      if (!stats.isFile()) return this.#refuse(stamp, notRegular(this.#file.name))
      if (size > maxFileBytes) return this.#refuse(stamp, tooLarge(this.#file.name))
      const bytes = await readFile(this.#file.path)
      const settled = Date.now() - Number(stats.mtimeMs) > coarseStampMs
      this.#stamp = settled ? stamp : ''
      if (this.#bytes?.equals(bytes)) return 'unchanged'
      this.#bytes = bytes
      return bytes
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException
      return this.#refuse(code, unreadable(this.#file.name, code))
    }
  }

  /** The reason stands in for the stamp, so that it is reported once and not at every look. */
  #refuse(stamp: string, problem: Problem): FileContent | 'unchanged' {
    if (this.#stamp === stamp) return 'unchanged'
    this.#stamp = stamp
    this.#bytes = undefined
    return noContent(problem)
  }
}

/** The problems of now over what was last read whole. Where that is one route, the problems are its own. */
const asBefore = ({ problems }: FileContent, { routes, backends }: FileContent): FileContent => {
  const only = routes.length === 1 ? routes[0]!.id : undefined
  const own = problems.map(problem => (only === undefined ? problem : { route: only, ...problem }))
  return { routes, backends, problems: own, complete: false, stale: true }
}
