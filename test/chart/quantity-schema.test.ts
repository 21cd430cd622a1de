import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wholeNumbers } from '../../scripts/chart/number-pattern.ts'
import { quantitySchema } from '../../scripts/chart/quantity-schema.ts'
import { readChartValues } from '../../scripts/chart/values-file.ts'
import { renderValuesSchema } from '../../scripts/chart/values-schema.ts'
import { annotations } from '../../src/injector/annotations.ts'

const runs = { numRuns: 300 }
const patternOf = (key: string) => new RegExp(quantitySchema(key)['pattern'] as string)
const isTaken = (key: keyof typeof annotations, text: string): boolean => {
  try {
    annotations[key].read(text, { allowedImages: [] })
    return true
  } catch {
    return false
  }
}

describe('the pattern of whole numbers', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: 1, max: 99_999 }))

  it('matches those from one to another', () =>
    fc.assert(
      fc.property(range, fc.integer({ min: 0, max: 200_000 }), (ends, number) => {
        const [least, most] = ends.toSorted((a, b) => a - b) as [number, number]
        const pattern = new RegExp(`^${wholeNumbers(least, most)}$`)
        for (const near of [number, least - 1, least, most, most + 1])
          expect(pattern.test(String(near)), `${near} of ${least} to ${most}`).toBe(
            near >= least && near <= most,
          )
      }),
      runs,
    ))

  it('holds no more than the number of digits of those that nobody reads', () =>
    expect(wholeNumbers(33_555, 67_108_864)).toBe('[1-9][0-9]{4,7}'))
})

describe('the schema of a default of relays', () => {
  const cpu = fc.oneof(
    fc.integer({ min: 0, max: 70_000 }).map(number => `${number}m`),
    fc.integer({ min: 0, max: 70_000 }).map(number => String(number / 1000)),
    fc.constantFrom('64.000', '64.001', '1.50', '0.0', '0.0005', '1.', '.5', '1u', 'junk', '-1', ' 1'),
  )
  it('takes the CPUs that an annotation takes', () => {
    const pattern = patternOf('cpuRequest')
    fc.assert(
      fc.property(cpu, text => {
        expect(pattern.test(text), text).toBe(isTaken('cpuRequest', text))
      }),
      runs,
    )
  })

  const memory = fc.oneof(
    fc
      .tuple(fc.integer({ min: 0, max: 80_000 }), fc.constantFrom('Mi', 'M', 'Gi', 'G'))
      .map(([number, unit]) => `${number}${unit}`),
    fc.constantFrom('32Mi', '31Mi', '65536Mi', '65537Mi', '64Gi', '65Gi', '1Ti', '1.5Gi', '256mi', 'junk'),
    fc.constantFrom('1', '1Ki', '262144Ki', '268435456', '999999999999'),
  )
  it('takes the sizes that an annotation takes', () => {
    const pattern = patternOf('memoryLimit')
    fc.assert(
      fc.property(memory, text => {
        expect(pattern.test(text), text).toBe(isTaken('memoryLimit', text))
      }),
      runs,
    )
  })

  it('takes ports and CPUs as numbers too, and nothing for "not set"', () => {
    expect(quantitySchema('port')).toMatchObject({
      type: ['string', 'integer'],
      minimum: 1024,
      maximum: 65_535,
    })
    expect(quantitySchema('cpuLimit')).toMatchObject({
      type: ['string', 'number'],
      minimum: 0.001,
      maximum: 64,
    })
    for (const key of ['port', 'cpuLimit', 'memoryLimit']) expect('').toMatch(patternOf(key))
  })

  it('is that of values.yaml for every annotation with a number', () => {
    const { properties } = JSON.parse(renderValuesSchema(readChartValues()))
    const { defaults } = properties.relay.properties
    const numbers = Object.keys(annotations).filter(key => /port$/i.test(key))
    const sizes = ['cpuRequest', 'cpuLimit', 'memoryRequest', 'memoryLimit']
    expect(numbers).toHaveLength(3)
    for (const key of [...numbers, ...sizes])
      expect(defaults.properties[key], key).toMatchObject(quantitySchema(key))
  })

  it('tells the range in words as well, since a pattern is hard to read', () => {
    const relay = readChartValues().find(({ name }) => name === 'relay')!
    const { children = [] } = relay.children!.find(({ name }) => name === 'defaults')!
    const ranged = children.filter(({ schema }) => schema['annotation'])
    expect(ranged).toHaveLength(7)
    for (const { description, schema } of ranged) {
      const { value } = annotations[schema['annotation'] as keyof typeof annotations]
      expect(description).toContain(value.split(', ')[1])
    }
  })

  it.each([
    ['cpuShare', 'there is no annotation cpuShare'],
    ['logLevel', 'the annotation logLevel takes no number'],
  ])('cannot be made of %s', (key, reason) => expect(() => quantitySchema(key)).toThrow(reason))
})
