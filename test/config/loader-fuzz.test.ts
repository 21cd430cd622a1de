import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readContent } from '../../src/config/file-content.ts'
import { route } from './fixtures.ts'

const seed = Buffer.from(
  `${route('one')}---\nkind: List\nitems:\n- &a {kind: Pod}\n- *a\n---\n{"kind": "FanOutRoute", "metadata": {"name": "x"}}\n`,
)

const byte = fc.integer({ min: 0, max: 255 })
const edit = fc.record({
  at: fc.nat(seed.length),
  remove: fc.nat(6),
  insert: fc.array(byte, { maxLength: 4 }),
})

const mutated = fc
  .array(edit, { minLength: 1, maxLength: 6 })
  .map(edits =>
    edits.reduce<Buffer>(
      (bytes, { at, remove, insert }) =>
        Buffer.concat([bytes.subarray(0, at), Buffer.from(insert), bytes.subarray(at + remove)]),
      seed,
    ),
  )

/** Words that mean something to YAML, in any order. */
const words = [
  '-',
  '- ',
  ': ',
  ':',
  '? ',
  '&a ',
  '*a',
  '!t ',
  '|\n',
  '>-\n',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ',',
]
const soup = fc
  .array(
    fc.constantFrom(
      ...words,
      '\n',
      '\n  ',
      '---\n',
      '...\n',
      '%YAML 1.1\n',
      '#',
      '\t',
      '<<',
      'a',
      'kind',
      '\r',
    ),
    {
      maxLength: 60,
    },
  )
  .map(parts => Buffer.from(parts.join('')))

const check = async (bytes: Uint8Array) => {
  for (const role of ['routes', 'backends'] as const) {
    const content = await readContent(bytes, 'f.yaml', role)
    for (const resource of content.routes) {
      expect(JSON.stringify(resource.object)).toBeTypeOf('string')
      expect(resource.locate?.(['spec', 'upstreams', 0, 'url']).line).toBeGreaterThan(0)
    }
    for (const { location, message } of content.problems) {
      expect(location).toMatchObject({ file: 'f.yaml' })
      expect([location!.line > 0, location!.column > 0, message.includes('\n')]).toEqual([true, true, false])
    }
  }
}

describe('whatever a file holds, reading it ends in content and problems', () => {
  test('for arbitrary bytes', () =>
    fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 300 }))
  test('for arbitrary text', () =>
    fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 200 }).map(text => Buffer.from(text)),
        check,
      ),
      { numRuns: 300 },
    ))
  test('for routes with bytes changed', () => fc.assert(fc.asyncProperty(mutated, check), { numRuns: 700 }))
  test('for a soup of YAML words', () => fc.assert(fc.asyncProperty(soup, check), { numRuns: 1000 }))
})
