import { totalmem } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes the control group of the process allows it; 0 = none, or more than the machine has. */
export const memoryLimit = (): number => {
  const limit = process.constrainedMemory()
  return limit < totalmem() ? limit : 0
}

const mebibyte = 1024 * 1024

/** What `--max-buffered` is unless it is set: a quarter of the limit, at most 256 MiB. */
export const defaultMaxBufferedBytes = (limitBytes: number): number =>
  limitBytes > 0 ? Math.min(256 * mebibyte, Math.floor(limitBytes / 4)) : 256 * mebibyte

/** A full collection of V8, which Node offers only to those who ask for it by flag. */
export const garbageCollector = (): (() => void) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  return collect
}
