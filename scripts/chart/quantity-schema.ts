import { annotations } from '../../src/injector/annotations.ts'
import { fractions, wholeNumbers } from './number-pattern.ts'

type Schema = Readonly<Record<string, unknown>>

const units = ['', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi'] as const

/** What is larger than a port is a number of bytes. */
const largestPlain = 65_535

/**
 * Schema of a default of an annotation, made by asking what reads the annotation: the least and the greatest whole
 * number that it takes of each unit, and fractions where it takes those. Empty is allowed as well.
 *
 * @throws Error an annotation that is not there, or that takes no number
 */
export const quantitySchema = (key: string): Schema => {
  const takes = readerOf(key)
  const ranges = units.flatMap(unit => {
    const range = rangeOf(number => takes(`${number}${unit}`))
    return range ? [{ unit, ...range }] : []
  })
  if (ranges.length === 0) throw new Error(`the annotation ${key} takes no number`)
  const patterns = ranges.map(({ unit, least, most }) => `${wholeNumbers(least, most)}${unit}`)
  const { least, most } = ranges.find(({ unit }) => unit === '') ?? {
    least: 0,
    most: Number.POSITIVE_INFINITY,
  }
  const digits = [3, 2, 1].find(count => takes(`${least}.${'1'.repeat(count)}`))
  const pattern = `^(${[...patterns, ...(digits ? [fractions(most, digits)] : [])].join('|')})?$`
  if (most > largestPlain) return { type: 'string', pattern }
  // YAML has `cpu: 1` and `port: 4790` for numbers; nobody writes a size of megabytes that way.
  const number = digits
    ? { type: ['string', 'number'], minimum: 10 ** -digits }
    : { type: ['string', 'integer'], minimum: least }
  return { ...number, maximum: most, pattern }
}

const readerOf = (key: string): ((text: string) => boolean) => {
  const annotation = Object.entries(annotations).find(([name]) => name === key)?.[1]
  if (!annotation) throw new Error(`there is no annotation ${key}`)
  return text => {
    try {
      annotation.read(text, { allowedImages: [] })
      return true
    } catch {
      return false
    }
  }
}

const beyond = 2 ** 42

/** Both ends of what is taken, by halving; a range so narrow that no power of two is in it is not found. */
const rangeOf = (takes: (number: number) => boolean) => {
  const inside = Array.from({ length: 42 }, (_, power) => 2 ** power).find(takes)
  if (inside === undefined || takes(beyond)) return undefined
  const edge = (taken: number, refused: number): number => {
    if (Math.abs(taken - refused) === 1) return taken
    const middle = Math.floor((taken + refused) / 2)
    return takes(middle) ? edge(middle, refused) : edge(taken, middle)
  }
  return { least: edge(inside, 0), most: edge(inside, beyond) }
}
