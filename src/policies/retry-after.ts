const seconds = /^[0-9]+$/
const time = '[0-9]{2}:[0-9]{2}:[0-9]{2}'
/** `Sun, 06 Nov 1994 08:49:37 GMT` and, of RFC 850, `Sunday, 06-Nov-94 08:49:37 GMT`. */
const datedInGmt = new RegExp(`^[A-Z][a-z]+, [0-9]{2}[ -][A-Z][a-z]{2}[ -]([0-9]{4}|[0-9]{2}) ${time} GMT$`)
/** `Sun Nov  6 08:49:37 1994`, of asctime: in UTC without saying so. */
const datedByAsctime = new RegExp(`^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] ${time} [0-9]{4}$`)

/**
 * What a `Retry-After` field asks for, in milliseconds from now: 0 for a date that has passed, any size
 * otherwise (Infinity included), so that the caller has to cap it. `undefined` when the value is neither
 * seconds nor a date (RFC 9110 §10.2.3, with the dates of §5.6.7): such a field asks for nothing.
 */
export const retryAfterMs = (value: string | undefined, wallClockNow: number): number | undefined => {
  if (value === undefined) return undefined
  const asked = value.trim()
  if (seconds.test(asked)) return Number(asked) * 1000
  const date = dateOf(asked)
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallClockNow)
}

/** Only forms that HTTP knows: `Date.parse` by itself takes `-1` and `1.5` for dates. */
const dateOf = (value: string): number => {
  if (datedInGmt.test(value)) return Date.parse(value)
  if (datedByAsctime.test(value)) return Date.parse(`${value} GMT`)
  return Number.NaN
}
