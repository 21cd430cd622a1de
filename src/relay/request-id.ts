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

/** Long enough for every id in use, short enough for a log line; no character that could break one. */
const valid = /^[A-Za-z0-9._~:/+=@-]{1,128}$/
const field = 'x-request-id'

/** Whether a caller's name for its request is taken over. */
export const isRequestId = (value: string): boolean => valid.test(value)

/** The id that a request brings, if it is a valid one; `rawHeaders` are names and values alternating. */
export const givenRequestId = (rawHeaders: readonly string[]): string | undefined => {
  let given: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]!.length === field.length && rawHeaders[i]!.toLowerCase() === field)
      given = rawHeaders[i + 1]!
  return given !== undefined && isRequestId(given) ? given : undefined
}
