const reservedPrefix = '/-/fanout/'
const absoluteReserved = /^https?:\/\/[^/?#]*\/-\/fanout\//i

/** Whether a request target names what the relay keeps for itself on the data port. */
export const isReserved = (url: string): boolean =>
  url.startsWith(reservedPrefix) ||
  url === '/-/fanout' ||
  url.startsWith('/-/fanout?') ||
  (!url.startsWith('/') && absoluteReserved.test(url))
