/** Digits up to which a range is exact. A person has to read the pattern, in the message of Helm that quotes it. */
const exactDigits = 5

/**
 * A regular expression, without look-ahead, for the whole numbers from one to another. Of larger ones it holds the
 * number of digits alone.
 */
export const wholeNumbers = (least: number, most: number): string => {
  const [fewest, longest] = [digitsOf(least), digitsOf(most)]
  if (longest > exactDigits) return ofLength(fewest, longest)
  if (fewest === longest) return group(sameLength(String(least), String(most)))
  // Numbers of as many digits belong together: 7 to 1234 is 7 to 9, 10 to 999, 1000 to 1234.
  return group([
    ...sameLength(String(least), '9'.repeat(fewest)),
    ...(longest - fewest > 1 ? [ofLength(fewest + 1, longest - 1)] : []),
    ...sameLength(`1${'0'.repeat(longest - 1)}`, String(most)),
  ])
}

/** For fractions of at most that many digits, from the smallest above 0 up to a whole number. */
export const fractions = (most: number, digits: number): string => {
  const aboveZero = Array.from(
    { length: digits },
    (_, more) => `${upTo('0', digits - more - 1)}[1-9]${any(more)}`,
  )
  const below = `${wholeNumbers(1, most - 1)}\\.[0-9]{1,${digits}}`
  return group([`0\\.${group(aboveZero)}`, below, `${most}\\.0{1,${digits}}`])
}

const digitsOf = (number: number): number => String(number).length

/** Numbers as long as each other. */
const sameLength = (from: string, to: string): readonly string[] => {
  const rest = from.length - 1
  const [low, high] = [Number(from[0]), Number(to[0])]
  if (rest === 0) return [oneOf(low, high)]
  if (low === high && !isWhole(from, to)) return [`${low}${group(sameLength(from.slice(1), to.slice(1)))}`]
  // First digits with which everything may follow.
  const first = isWhole(from, '9'.repeat(from.length)) ? low : low + 1
  const last = isWhole('0'.repeat(to.length), to) ? high : high - 1
  return [
    ...(first > low ? sameLength(from, `${low}${'9'.repeat(rest)}`) : []),
    ...(first <= last ? [`${oneOf(first, last)}${any(rest)}`] : []),
    ...(last < high ? sameLength(`${high}${'0'.repeat(rest)}`, to) : []),
  ]
}

/** Whether everything may follow the first digits of both. */
const isWhole = (from: string, to: string): boolean => /^0*$/.test(from.slice(1)) && /^9*$/.test(to.slice(1))

const ofLength = (fewest: number, most: number): string =>
  fewest === most ? `[1-9]${any(most - 1)}` : `[1-9][0-9]{${fewest - 1},${most - 1}}`
const group = (alternatives: readonly string[]): string =>
  alternatives.length === 1 ? alternatives[0]! : `(${alternatives.join('|')})`
const oneOf = (low: number, high: number): string => (low === high ? `${low}` : `[${low}-${high}]`)
const any = (count: number): string => (count > 1 ? `[0-9]{${count}}` : count === 1 ? '[0-9]' : '')
const upTo = (digit: string, count: number): string =>
  count > 1 ? `${digit}{0,${count}}` : count === 1 ? `${digit}?` : ''
