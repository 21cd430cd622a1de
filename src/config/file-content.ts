import type { Problem } from '../api/problem.ts'
import type { RouteResource } from '../api/snapshot.ts'
import { type BackendEntry, backendsOf } from './backends-document.ts'
import { maxFileBytes } from './limits.ts'
import { routesOf } from './route-documents.ts'
import { parseYaml } from './yaml-text.ts'

/** What one file contributes to a snapshot. */
export interface FileContent {
  readonly routes: readonly RouteResource[]
  readonly backends: readonly BackendEntry[]
  readonly problems: readonly Problem[]
  /** False = the file does not say all it is meant to: what was last read from it stays in use. */
  readonly complete: boolean
  /** True = routes and backends are those of an earlier reading; the problems say why. */
  readonly stale?: boolean
}

/** Content that is nothing but the reason why there is none. */
export const noContent = (problem: Problem): FileContent => ({
  routes: [],
  backends: [],
  problems: [problem],
  complete: false,
})

/** A backends file holds a mapping, every other file holds Kubernetes objects. */
export type FileRole = 'routes' | 'backends'

/** Reads what a file holds. `name` is what problems call the file. */
export const readContent = async (bytes: Uint8Array, name: string, role: FileRole): Promise<FileContent> => {
  if (bytes.length > maxFileBytes) return noContent(tooLarge(name))
  const text = decode(bytes)
  if (text === undefined) return notYaml(name, 'not UTF-8 text', 'save the file as UTF-8')
  if (text.trim() === '') return noContent(emptyFile(name))
  const { documents, error } = await parseYaml(text, name)
  if (error) {
    return noContent({
      severity: 'error',
      code: 'FR0001',
      message: `not valid YAML: ${error.message}`,
      fix: 'mend this place; a wrong indent or a missing quote just before it is the usual cause',
      location: error.location,
    })
  }
  const content = role === 'routes' ? routesOf(documents) : backendsOf(documents)
  const complete = content.problems.every(({ severity }) => severity !== 'error')
  return { routes: [], backends: [], ...content, complete }
}

/** Text, or `undefined` for bytes that are not UTF-8; a byte order mark is dropped. */
const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const notYaml = (file: string, message: string, fix: string): FileContent =>
  noContent({ severity: 'error', code: 'FR0001', message, fix, location: { file, line: 1, column: 1 } })

/** About a file or a directory; `why` is the system's code. */
export const unreadable = (file: string, why: string): Problem =>
  notRead(file, inWords[why] ?? why, 'check that it exists and may be read')

/** About a pipe, a device or a directory where a file is meant to be. */
export const notRegular = (file: string): Problem =>
  notRead(file, 'it is not a regular file', 'put a regular file in its place')

const notRead = (file: string, why: string, fix: string): Problem => ({
  severity: 'warning',
  code: 'FR0112',
  message: `cannot be read: ${why}`,
  fix: `${fix}; ${keepsLast}`,
  location: { file, line: 1, column: 1 },
})

/** True of a relay that has read the file before, and no promise to others. */
const keepsLast = 'a running relay keeps what it last read from it'

/** Codes of the system that people meet; others are shown as they are. */
const inWords: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read it (EACCES)',
  EISDIR: 'it is a directory (EISDIR)',
  ELOOP: 'its links lead in a circle (ELOOP)',
  ENOENT: 'it does not exist (ENOENT)',
  ENXIO: 'it is a socket, or a device that is not there (ENXIO)',
}

export const tooLarge = (file: string): Problem => ({
  severity: 'error',
  code: 'FR0045',
  message: `the file is larger than ${maxFileBytes / 1024 / 1024} MiB`,
  fix: 'split it; a directory may be given instead of a file',
  location: { file, line: 1, column: 1 },
})

/** A disk that is full and a save that has just begun look the same, so this is worth a word. */
const emptyFile = (file: string): Problem => ({
  severity: 'warning',
  code: 'FR0117',
  message: `the file is empty; ${keepsLast}`,
  fix: 'delete the file to withdraw its routes',
  location: { file, line: 1, column: 1 },
})
