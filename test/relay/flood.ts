import type { Writable } from 'node:stream'
import { expect } from 'vitest'
import { eventually } from '../support/eventually.ts'

const chunk = Buffer.alloc(64 * 1024)

/** A body that goes on for as long as the other end takes it. */
export interface Flood {
  /** Bytes written so far. */
  readonly sent: () => number
  /** Resolves once nothing is taken any more: every buffer on the way is full. */
  backsUp(): Promise<void>
}

/** Writes as many bytes as the other end takes, and ends there: the default is more than buffers could hold. */
export const flood = (to: Writable, bytes = 200_000_000): Flood => {
  let sent = 0
  const more = (): void => {
    while (sent < bytes && !to.destroyed) {
      sent += chunk.length
      if (!to.write(chunk)) return
    }
    if (!to.destroyed) to.end()
  }
  to.on('drain', more).on('error', () => {})
  more()
  return {
    sent: () => sent,
    backsUp: () => {
      let before = 0
      let still = 0
      return eventually(() => {
        still = sent === before ? still + 1 : 0
        before = sent
        expect({ isStill: still > 40, isWhole: sent >= bytes }).toEqual({ isStill: true, isWhole: false })
      })
    },
  }
}
