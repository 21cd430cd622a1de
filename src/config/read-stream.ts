import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { maxFileBytes } from './limits.ts'

/** Whether a path leads to what can be read once, from beginning to end: a pipe such as that of `<(…)`, or a device. */
export const isStream = async (path: string): Promise<boolean> => {
  const stats = await stat(path).catch(() => undefined)
  return stats !== undefined && !stats.isFile() && !stats.isDirectory()
}

/** What comes until it ends, or one byte more than a file may have. @throws Error of the system */
export const readStream = (path: string): Promise<Buffer> =>
  buffer(createReadStream(path, { end: maxFileBytes }))
