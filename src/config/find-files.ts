import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { FileRole } from './file-content.ts'

/** A file to read. */
export interface FoundFile {
  /** Absolute; tells files apart. */
  readonly path: string
  /** As the user would write it: what problems call it. */
  readonly name: string
  readonly role: FileRole
}

/** One of the paths the user gave, looked at. */
export interface FoundPath {
  /** As it was given. */
  readonly given: string
  readonly files: readonly FoundFile[]
  /** Directories in it that hold files of routes, which are not read; at most ten. */
  readonly unread: readonly string[]
  /** The directory in which changes show: the path itself, or the one around a file or a missing path. */
  readonly directory: WatchedDirectory | undefined
  /** Set when the path cannot be looked at: missing, or forbidden. */
  readonly error: NodeJS.ErrnoException | undefined
}

export interface WatchedDirectory {
  readonly path: string
  /** Differs when the directory was removed and made again. */
  readonly identity: string
}

const backendsNames = ['backends.yaml', 'backends.yml']
const extensions = ['.yaml', '.yml', '.json']

/**
 * Finds the files of one path: those of a directory, not of directories in it, sorted by name; or the file
 * itself with the backends file beside it. Hidden entries are left out, `..data` of a mounted ConfigMap
 * among them; the links that lead through it are followed.
 */
export const findFiles = async (given: string): Promise<FoundPath> => {
  const absolute = path.resolve(given)
  try {
    const isDirectory = (await stat(absolute)).isDirectory()
    const directoryPath = isDirectory ? absolute : path.dirname(absolute)
    const directory = await lookAt(directoryPath)
    const names = isDirectory || !isBackends(absolute) ? await readdir(directoryPath) : []
    const files = isDirectory
      ? names
          .filter(isRead)
          .sort()
          .map(entry => toFile(path.join(absolute, entry), path.join(given, entry)))
      : [
          toFile(absolute, given),
          ...names
            .filter(isBackends)
            .map(entry => toFile(path.join(directoryPath, entry), path.join(path.dirname(given), entry))),
        ]
    const unread = isDirectory ? await subdirectoriesWithRoutes(absolute, names) : []
    return { given, files, unread: unread.map(name => path.join(given, name)), directory, error: undefined }
  } catch (error) {
    // Where a path comes back is the first to know of it.
    const directory = await lookAt(path.dirname(absolute)).catch(() => undefined)
    return { given, files: [], unread: [], directory, error: error as NodeJS.ErrnoException }
  }
}

const maxUnread = 10

/** What cannot be opened as a directory is none, or none of the relay's business. */
const subdirectoriesWithRoutes = async (directory: string, names: readonly string[]): Promise<string[]> => {
  const found: string[] = []
  for (const name of names.filter(entry => !entry.startsWith('.') && path.extname(entry) === '').sort()) {
    const entries = await readdir(path.join(directory, name)).catch(() => [])
    if (entries.some(isRead)) found.push(name)
    if (found.length === maxUnread) break
  }
  return found
}

const lookAt = async (directory: string): Promise<WatchedDirectory> => {
  const { dev, ino, birthtimeNs } = await stat(directory, { bigint: true })
  return { path: directory, identity: `${dev}:${ino}:${birthtimeNs}` }
}

const isBackends = (file: string): boolean => backendsNames.includes(path.basename(file))

const isRead = (entry: string): boolean => !entry.startsWith('.') && extensions.includes(path.extname(entry))

const toFile = (absolute: string, name: string): FoundFile => ({
  path: absolute,
  name,
  role: isBackends(absolute) ? 'backends' : 'routes',
})
