import { type FSWatcher, watch } from 'node:fs'
import type { WatchedDirectory } from './find-files.ts'

/** Watches directories, a set that may change, and says when anything in them did. */
export class DirectoryWatches {
  readonly #onChange: () => void
  readonly #watches = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>()

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Watches these directories and no others. One that was removed and made again is watched anew. */
  update(directories: readonly WatchedDirectory[]): void {
    const wanted = new Map(directories.map(directory => [directory.path, directory.identity]))
    for (const [path, { identity }] of this.#watches) if (wanted.get(path) !== identity) this.#drop(path)
    for (const [path, identity] of wanted) if (!this.#watches.has(path)) this.#add(path, identity)
  }

  close(): void {
    for (const path of this.#watches.keys()) this.#drop(path)
  }

  #add(path: string, identity: string): void {
    try {
      const watcher = watch(path, { persistent: false }, this.#onChange)
      // The system may refuse (too many watches) or give up at any time; polling goes on without.
      watcher.on('error', () => this.#drop(path))
      this.#watches.set(path, { identity, watcher })
    } catch {
      // As above: the poll sees the change, half a second later.
    }
  }

  #drop(path: string): void {
    this.#watches.get(path)?.watcher.close()
    this.#watches.delete(path)
  }
}
