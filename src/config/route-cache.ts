import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import type { Logger } from '../core/logger.ts'

/** What a cache file holds. */
export interface CachedRoutes {
  /** When the API server last confirmed these, as far as it was saved, in milliseconds since 1970. */
  readonly confirmedAtMs: number
  /** FanOutRoutes as they came. */
  readonly objects: readonly unknown[]
}

/** Whose routes they are: others' must not be served. */
export interface CacheOwner {
  readonly server: string
  readonly namespace: string
}

const format = 1
/** Two of them, the new one beside the old, must fit into the volume of 64Mi that a pod has for it. */
const maxBytes = 24 * 1024 * 1024

interface CacheFile extends CacheOwner {
  readonly format: number
  readonly confirmedAtMs: number
  readonly routes: readonly unknown[]
}

/** The last routes of the API server in a file, for a start without it. */
export class RouteCache {
  readonly #file: string
  readonly #owner: CacheOwner
  readonly #logger: Logger | undefined
  #next: CachedRoutes | undefined
  #writing: Promise<void> | undefined
  #hasFailed = false

  constructor(file: string, owner: CacheOwner, logger: Logger | undefined) {
    this.#file = file
    this.#owner = owner
    this.#logger = logger
  }

  /** What the file holds; `undefined` when there is none, or none that can be used. */
  async load(): Promise<CachedRoutes | undefined> {
    try {
      if ((await stat(this.#file)).size > maxBytes) throw new Error(`larger than ${maxBytes} bytes`)
      const content = JSON.parse(await readFile(this.#file, 'utf8')) as Partial<CacheFile> | null
      const { format: found, server, namespace, confirmedAtMs, routes } = content ?? {}
      if (found !== format || !Array.isArray(routes) || typeof confirmedAtMs !== 'number')
        throw new Error('not a route cache of this version')
      if (server !== this.#owner.server || namespace !== this.#owner.namespace)
        throw new Error(`it holds routes of namespace ${namespace} of ${server}`)
      return { confirmedAtMs, objects: routes }
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#logger?.warn({ file: this.#file, err }, 'the route cache is not used')
      return undefined
    }
  }

  /** Saves soon; of several versions that come while one is written, only the last is. */
  save(objects: readonly unknown[], confirmedAtMs: number): void {
    this.#next = { objects, confirmedAtMs }
    this.#writing ??= this.#drain()
  }

  /** Resolves when what was to be saved is on disk, or could not be. */
  async settled(): Promise<void> {
    await this.#writing
  }

  async #drain(): Promise<void> {
    while (this.#next) {
      const routes = this.#next
      this.#next = undefined
      try {
        await this.#write(routes)
        this.#hasFailed = false
      } catch (err) {
        if (!this.#hasFailed)
          this.#logger?.warn({ file: this.#file, err }, 'the route cache cannot be written')
        this.#hasFailed = true
      }
    }
    this.#writing = undefined
  }

  /** A name of its own, then a rename: a crash leaves the old file or the new one, never half of one. */
  async #write({ objects, confirmedAtMs }: CachedRoutes): Promise<void> {
    const { server, namespace } = this.#owner
    const content: CacheFile = { format, server, namespace, confirmedAtMs, routes: objects }
    const text = JSON.stringify(content)
    const size = Buffer.byteLength(text)
    if (size > maxBytes) throw new Error(`${size} bytes are more than the ${maxBytes} that it may have`)
    const temporary = `${this.#file}.${randomBytes(4).toString('hex')}`
    try {
      // Routes may name internal addresses.
      const file = await open(temporary, 'wx', 0o600)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, this.#file)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }
}
