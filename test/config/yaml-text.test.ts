import { describe, expect, test } from 'vitest'
import { parseYaml } from '../../src/config/yaml-text.ts'

const valuesOf = async (text: string) => (await parseYaml(text, 'a.yaml')).documents.map(({ value }) => value)
const errorOf = async (text: string) => (await parseYaml(text, 'a.yaml')).error

const document = `# comment
apiVersion: v1
spec:
  upstreams:
    - name: a
      url: http://a
    - name: b
      tags: [x, {deep: 1}]
`

describe('parseYaml', () => {
  test('gives the values of all documents and leaves empty ones out', async () => {
    expect(await valuesOf('a: 1\n---\n---\n# nothing\n---\nb: [true, null, "x"]\n')).toEqual([
      { a: 1 },
      { b: [true, null, 'x'] },
    ])
  })

  test('reads JSON', async () => {
    expect(await valuesOf('{"a": {"b": [1, 2]}}')).toEqual([{ a: { b: [1, 2] } }])
  })

  test('keeps a __proto__ key as a field of its own', async () => {
    const [value] = await valuesOf('__proto__: {polluted: true}')
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect((value as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test.each([
    ['the document', [], 2, 1],
    ['a field', ['spec'], 3, 1],
    ['a list entry', ['spec', 'upstreams', 1], 7, 7],
    ['a field in a list entry', ['spec', 'upstreams', 0, 'url'], 6, 7],
    ['a field in a flow map', ['spec', 'upstreams', 1, 'tags', 1, 'deep'], 8, 18],
    ['the nearest parent of a missing field', ['spec', 'upstreams', 1, 'url'], 7, 7],
    ['the nearest parent of a missing list', ['spec', 'response', 'from'], 3, 1],
    ['the list when an entry is missing', ['spec', 'upstreams', 9], 4, 3],
    ['a scalar that has no fields', ['apiVersion', 'x'], 2, 1],
  ])('locates %s', async (_, path, line, column) => {
    const { documents } = await parseYaml(document, 'a.yaml')
    expect(documents[0]!.locate(path)).toEqual({ file: 'a.yaml', line, column })
  })

  test('locates fields of later documents, counting lines from the start of the file', async () => {
    const { documents } = await parseYaml(`${document}---\nx:\n  y: 1\n---\r\nz:\r\n  q: 1\r\n`, 'a.yaml')
    expect(documents[1]!.locate(['x', 'y'])).toMatchObject({ line: 11, column: 3 })
    expect(documents[2]!.locate(['z', 'q'])).toMatchObject({ line: 14, column: 3 })
  })

  test('locates fields of a document that begins on its marker line', async () => {
    const { documents } = await parseYaml('a: 1\n--- {b: {c: 2}}\n', 'a.yaml')
    expect(documents[1]!.locate(['b', 'c'])).toMatchObject({ line: 2, column: 10 })
  })

  test.each([
    ['a wrong indent', 'a:\n  - b\n c: 1\n', 3, /indent|sequence|map/i],
    ['a quote that is not closed', 'a: "b\n', 2, /quote/i],
    ['an unknown tag', 'a: !secret x\n', 1, /tag/i],
    ['a key given twice', 'a: 1\nb: 2\na: 3\n', 3, /a is given twice/],
    ['a key that is a list', '? [a]\n: 1\n', 1, /key must be a plain word/],
    ['an alias without anchor', 'a: 1\nb: *x\n', 2, /\*x has no anchor/],
    ['an alias inside its own anchor', 'a: &x\n  b: *x\n', 2, /stands inside/],
  ])('refuses %s with its place', async (_, text, line, message) => {
    const error = await errorOf(text)
    expect(error?.message).toMatch(message)
    expect(error?.message).not.toContain('\n')
    expect(error?.location).toMatchObject({ file: 'a.yaml', line })
  })

  test('takes aliases, and refuses more than a hundred in one document', async () => {
    expect(await valuesOf('a: &x {k: 1}\nb: *x\n')).toEqual([{ a: { k: 1 }, b: { k: 1 } }])
    const list = (count: number) => `a: &x 1\nb: [${Array(count).fill('*x').join(', ')}]\n`
    expect(await errorOf(list(100))).toBeUndefined()
    expect((await errorOf(list(101)))?.message).toMatch(/more than 100 aliases/)
  })

  test('reads merge keys as kubectl does: own fields first, then those of the first map that has them', async () => {
    const text = (merge: string) => `a: &a {k: 1, l: 2}\nb: &b {k: 3, m: 4}\nc:\n  <<: ${merge}\n  l: 5\n`
    const merged = async (merge: string) => (await valuesOf(text(merge)))[0] as { readonly c: unknown }
    expect((await merged('*a')).c).toEqual({ k: 1, l: 5 })
    expect((await merged('[*a, *b]')).c).toEqual({ k: 1, l: 5, m: 4 })
    expect((await merged('{n: 6}')).c).toEqual({ l: 5, n: 6 })
    expect((await errorOf(text('3')))?.message).toMatch(/<< takes a map or a list of maps/)
    expect((await errorOf(text('3')))?.location).toMatchObject({ line: 4, column: 3 })
    expect(await valuesOf('"<<": 3\n')).toEqual([{ '<<': 3 }])
  })

  test('refuses aliases of aliases that multiply', async () => {
    const lines = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)
    expect((await errorOf(`a0: &a0 x\n${lines.join('\n')}`))?.message).toMatch(/more than 100 aliases/)
  })

  test.each([
    ['brackets', '['.repeat(1_000_000)],
    ['list markers', '- '.repeat(500_000)],
    ['explicit keys', '? '.repeat(500_000)],
    ['colons', ': '.repeat(500_000)],
  ])('refuses deep nesting of %s without following it', async (_, text) => {
    const start = performance.now()
    expect((await errorOf(text))?.message).toMatch(/nested deeper than 128 levels/)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  // Eight times as much takes 64 times as long where time grows with the square: the CPU's own time, the best of three.
  test.each([
    ['keys', 20_000, (i: number) => `k${i}: 1\n`],
    ['errors on one line', 48_000, () => '"'],
    ['anchors and aliases', 4_000, (i: number) => `- &a${i} x\n- *a${i}\n`],
  ])('takes time in proportion to many %s', async (_, count, part) => {
    const textOf = (length: number): string => Array.from({ length }, (_, i) => part(i)).join('')
    const cpuMicros = async (text: string): Promise<number> => {
      const before = process.cpuUsage()
      await parseYaml(text, 'a.yaml')
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    const best = async (text: string): Promise<number> =>
      Math.min(await cpuMicros(text), await cpuMicros(text), await cpuMicros(text))
    const small = await best(textOf(count / 8))
    expect(await best(textOf(count))).toBeLessThan(32 * Math.max(small, 1_000))
  })

  test('lets other work go on while a long file is parsed', async () => {
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    await parseYaml('a: {b: [1, 2, 3]}\n---\n'.repeat(5000), 'a.yaml')
    clearInterval(ticking)
    expect(turns).toBeGreaterThan(5)
  })
})
