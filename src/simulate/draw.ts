import { createHash } from 'node:crypto'

/** A number from 0 up to, not including, 1, evenly spread over names; the same for the same name everywhere. */
export const draw = (name: string): number =>
  createHash('sha256').update(name).digest().readUInt32BE() / 2 ** 32
