import { randomBytes } from 'node:crypto'

/**
 * Ids for requests that bring none: 64 random bits of this process and a counter, unique across relays
 * and a third of the cost of a UUID.
 */
export const requestIds = (): (() => string) => {
  const prefix = randomBytes(8).toString('hex')
  let count = 0
  return () => `${prefix}-${(++count).toString(36)}`
}
