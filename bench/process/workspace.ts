import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of this run alone for configuration files and bundles; it goes when the run ends. */
export interface Workspace {
  readonly path: string
  /** Writes a file under a name not used before and returns its path. */
  write(name: string, text: string): string
  folder(name: string): string
  remove(): void
}

export function makeWorkspace(): Workspace {
  const path = mkdtempSync(join(tmpdir(), 'fanout-relay-bench-'))
  let serial = 0
  return {
    path,
    write(name, text) {
      serial += 1
      const file = join(path, `${serial}-${name}`)
      writeFileSync(file, text)
      return file
    },
    folder(name) {
      serial += 1
      const folder = join(path, `${serial}-${name}`)
      mkdirSync(folder)
      return folder
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}
