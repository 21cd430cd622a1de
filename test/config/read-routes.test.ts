import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readRoutes } from '../../src/config/read-routes.ts'
import { directoryWith, route } from './fixtures.ts'

const idsIn = async (...paths: string[]) => (await readRoutes(paths)).routes.map(({ id }) => id)

describe('reading a directory', () => {
  test('takes YAML and JSON files in order of their names, and no others', async () => {
    const directory = directoryWith({
      'b.yml': route('two'),
      'a.yaml': route('one'),
      'c.json': JSON.stringify({ kind: 'FanOutRoute', metadata: { name: 'three' } }),
      'd.txt': route('no'),
      '.hidden.yaml': route('no'),
      'sub/e.yaml': route('no'),
    })
    expect(await idsIn(directory)).toEqual(['default/one', 'default/two', 'default/three'])
  })

  test('follows the links of a mounted ConfigMap and reads each file once', async () => {
    const directory = directoryWith({ '..2026_01/orders.yaml': route('orders') })
    symlinkSync('..2026_01', path.join(directory, '..data'))
    symlinkSync('..data/orders.yaml', path.join(directory, 'orders.yaml'))
    expect(await idsIn(directory)).toEqual(['default/orders'])
  })

  test('reports a link that leads nowhere and a directory with the name of a file', async () => {
    const directory = directoryWith({ 'a.yaml': route('one') })
    symlinkSync('nowhere.yaml', path.join(directory, 'b.yaml'))
    mkdirSync(path.join(directory, 'c.yaml'))
    const { routes, problems } = await readRoutes([directory])
    expect(routes).toHaveLength(1)
    expect(problems.map(({ code, location }) => [code, path.basename(location!.file)])).toEqual([
      ['FR0112', 'b.yaml'],
      ['FR0112', 'c.yaml'],
    ])
  })

  test('counts a file once that two paths lead to', async () => {
    const directory = directoryWith({ 'a.yaml': route('one') })
    expect(await idsIn(directory, path.join(directory, 'a.yaml'), directory)).toEqual(['default/one'])
  })

  test('warns when there is no route at all', async () => {
    const directory = directoryWith({ 'backends.yaml': 'a: http://a:1\n' })
    const { problems } = await readRoutes([directory])
    expect(problems).toMatchObject([{ code: 'FR0111', severity: 'warning' }])
  })
})

describe('the documents of a file', () => {
  test('keep namespace, place and object', async () => {
    const directory = directoryWith({
      'a.yaml': `${route('one')}---\nkind: FanOutRoute\nmetadata: {name: two, namespace: shop}\n`,
    })
    const { routes } = await readRoutes([directory])
    expect(routes).toMatchObject([
      {
        id: 'default/one',
        namespace: 'default',
        name: 'one',
        object: { spec: { upstreams: [{ name: 'a' }] } },
      },
      { id: 'shop/two', namespace: 'shop', name: 'two' },
    ])
    expect(routes[1]!.locate?.(['metadata', 'namespace'])).toMatchObject({ line: 10, column: 23 })
  })

  test('are called as the user gave the path', async () => {
    const directory = directoryWith({ 'a.yaml': route('one') })
    const relative = path.relative('', directory)
    const [fromDirectory] = (await readRoutes([`${relative}/`])).routes
    expect(fromDirectory!.locate?.([]).file).toBe(path.join(relative, 'a.yaml'))
    const [fromFile] = (await readRoutes([`${relative}/a.yaml`])).routes
    expect(fromFile!.locate?.([]).file).toBe(`${relative}/a.yaml`)
  })

  test('may stand in a List, with their own places', async () => {
    const directory = directoryWith({
      'a.yaml': [
        'apiVersion: v1',
        'kind: List',
        'items:',
        '- kind: FanOutRoute',
        '  metadata: {name: one}',
        '- kind: Service',
        '- kind: FanOutRoute',
        '  metadata: {name: two}',
        '  spec: {}',
      ].join('\n'),
    })
    const { routes, problems } = await readRoutes([directory])
    expect(routes.map(({ id }) => id)).toEqual(['default/one', 'default/two'])
    expect(routes[1]!.locate?.(['spec', 'upstreams'])).toMatchObject({ line: 9, column: 3 })
    expect(problems).toMatchObject([{ code: 'FR0110', location: { line: 6, column: 3 } }])
  })

  test('of another kind are skipped with a warning', async () => {
    const directory = directoryWith({ 'a.yaml': `kind: Service\nmetadata: {name: x}\n---\n${route('one')}` })
    const { routes, problems } = await readRoutes([directory])
    expect(routes).toHaveLength(1)
    expect(problems).toMatchObject([
      { severity: 'warning', code: 'FR0110', location: { line: 1, column: 1 } },
    ])
  })

  test.each([
    ['no kind', 'apiVersion: v1\n', 'FR0003'],
    ['no name', 'kind: FanOutRoute\nmetadata: {}\n', 'FR0003'],
    ['no metadata', 'kind: FanOutRoute\nmetadata: 3\n', 'FR0003'],
    ['a name that is a number', 'kind: FanOutRoute\nmetadata: {name: 123}\n', 'FR0004'],
    ['a slip in our kind', 'apiVersion: fanoutrelay.dev/v1alpha1\nkind: FanoutRoute\n', 'FR0006'],
    ['no object', '- a\n- b\n', 'FR0004'],
  ])('with %s are errors that leave the others alone', async (_, text, code) => {
    const directory = directoryWith({ 'a.yaml': `${route('one')}---\n${text}` })
    const { routes, problems } = await readRoutes([directory])
    expect(routes.map(({ id }) => id)).toEqual(['default/one'])
    expect(problems).toMatchObject([{ severity: 'error', code }])
    expect(problems[0]!.location!.line).toBeGreaterThanOrEqual(9)
    expect(problems[0]!.fix).toBeTruthy()
  })

  test('in a subdirectory are named: they are not read unless it is given as well', async () => {
    const directory = directoryWith({
      'a.yaml': route('one'),
      'sub/b.yaml': route('two'),
      '.hidden/c.yaml': route('three'),
      'text/readme.txt': 'no route',
    })
    const sub = path.join(directory, 'sub')
    const { routes, problems } = await readRoutes([directory])
    expect(routes.map(({ id }) => id)).toEqual(['default/one'])
    expect(problems).toMatchObject([{ severity: 'warning', code: 'FR0133', location: { file: sub } }])
    expect(await readRoutes([directory, `${sub}/`])).toMatchObject({ routes: { length: 2 }, problems: [] })
  })

  test('that nothing comes in for are no file to delete', async () => {
    const { problems } = await readRoutes([], [{ name: '<stdin>', bytes: Buffer.from(' \n') }])
    expect(problems).toMatchObject([{ code: 'FR0117', message: 'nothing came in' }, { code: 'FR0111' }])
  })

  test('with the same id all stay: which counts is not decided here', async () => {
    const directory = directoryWith({ 'a.yaml': route('one'), 'b.yaml': route('one') })
    expect(await idsIn(directory)).toEqual(['default/one', 'default/one'])
  })
})

describe('a file that cannot be used', () => {
  test('of invalid YAML is FR0001 with file, line and column, and costs no other file', async () => {
    const directory = directoryWith({ 'a.yaml': 'a: [1,\nb: }\n', 'b.yaml': route('one') })
    const { routes, problems } = await readRoutes([directory])
    expect(routes).toHaveLength(1)
    expect(problems).toMatchObject([
      { severity: 'error', code: 'FR0001', location: { file: path.join(directory, 'a.yaml'), line: 2 } },
    ])
  })

  test('of bytes that are not UTF-8 is FR0001', async () => {
    const directory = directoryWith({})
    writeFileSync(path.join(directory, 'a.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]))
    expect((await readRoutes([directory])).problems).toMatchObject([
      { code: 'FR0001', message: expect.stringMatching(/UTF-8/) },
    ])
  })

  test('over 4 MiB is FR0045', async () => {
    const comment = (size: number) => `${'#'.repeat(size - 1)}\n`
    const directory = directoryWith({
      'a.yaml': comment(4 * 1024 * 1024 + 1),
      'b.yaml': comment(4 * 1024 * 1024),
    })
    const { problems } = await readRoutes([directory])
    expect(problems).toMatchObject([{ code: 'FR0045', location: { file: path.join(directory, 'a.yaml') } }])
  })

  test('and is empty is a warning, for it may have been meant to hold something', async () => {
    const directory = directoryWith({ 'a.yaml': ' \n', 'b.yaml': '# on purpose\n', 'c.yaml': route('one') })
    expect((await readRoutes([directory])).problems).toMatchObject([{ code: 'FR0117' }])
  })

  // Permissions do not stop root, which tests in containers run as; a link to itself stops everybody.
  test('that the system refuses to open is FR0112 with its reason', async () => {
    const directory = directoryWith({ 'b.yaml': route('one') })
    symlinkSync('a.yaml', path.join(directory, 'a.yaml'))
    const { routes, problems } = await readRoutes([directory])
    expect(problems).toMatchObject([
      { code: 'FR0112', message: expect.stringMatching(/^cannot be read: .*ELOOP/) },
    ])
    expect(routes).toHaveLength(1)
  })

  test('with a path that does not exist is FR0112', async () => {
    const directory = directoryWith({})
    const { problems } = await readRoutes([path.join(directory, 'nope')])
    expect(problems[0]).toMatchObject({
      code: 'FR0112',
      message: expect.stringMatching(/^cannot be read: .*ENOENT/),
    })
  })

  test('is an error where it is read once: no earlier reading stands in for it', async () => {
    const { problems } = await readRoutes([path.join(directoryWith({}), 'nope')])
    expect(problems).toMatchObject([{ severity: 'error', code: 'FR0112' }])
  })

  test('because it is a socket is FR0112 as well', async () => {
    const file = path.join(directoryWith({}), 'socket')
    const server = createServer().listen(file)
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { problems } = await readRoutes([file])
    expect(problems).toMatchObject([{ severity: 'error', code: 'FR0112', location: { file } }])
    expect(problems[0]!.message).toContain('it is a socket')
  })
})

describe('backends', () => {
  const backendsIn = async (...paths: string[]) => Object.fromEntries((await readRoutes(paths)).backends!)

  test('come from backends.yaml and backends.yml of a directory', async () => {
    const directory = directoryWith({
      'backends.yaml': 'inventory: http://localhost:9001\n"shop/crm:8080": https://crm.example/\n',
      'backends.yml': 'other:80: http://[::1]:80\n',
    })
    expect(await backendsIn(directory)).toEqual({
      inventory: 'http://localhost:9001',
      'shop/crm:8080': 'https://crm.example/',
      'other:80': 'http://[::1]:80',
    })
  })

  test('come from beside a file, or from a file named', async () => {
    const directory = directoryWith({
      'a.yaml': route('one'),
      'b.yaml': route('two'),
      'backends.yaml': 'x: http://x',
    })
    expect(await backendsIn(path.join(directory, 'a.yaml'))).toEqual({ x: 'http://x' })
    expect(await idsIn(path.join(directory, 'a.yaml'))).toEqual(['default/one'])
    expect(await backendsIn(path.join(directory, 'backends.yaml'))).toEqual({ x: 'http://x' })
  })

  test.each([
    ['a list', '- a\n', 1],
    ['a URL that is none', 'ok: http://a\nbad: localhost:9001\n', 2],
    ['a URL with a path', 'bad: http://a/v1\n', 1],
    ['a URL with credentials', 'bad: http://u:p@a\n', 1],
    ['a URL with a query', 'bad: http://a/?b\n', 1],
    ['a value that is no string', 'ok: http://a\nbad: {url: http://a}\n', 2],
    ['a key that is no Service', 'ok: http://a\nBad_Name: http://a\n', 2],
  ])('with %s are FR0044 at their place', async (_, text, line) => {
    const directory = directoryWith({ 'a.yaml': route('one'), 'backends.yaml': text })
    const { backends, problems } = await readRoutes([directory])
    expect(problems).toMatchObject([
      {
        severity: 'error',
        code: 'FR0044',
        location: { file: path.join(directory, 'backends.yaml'), line, column: 1 },
      },
    ])
    expect([...backends!.keys()]).toEqual(text.startsWith('ok') ? ['ok'] : [])
  })

  test('that differ between files are FR0044, and the first counts', async () => {
    const [a, b] = ['http://a', 'http://b'].map(url =>
      directoryWith({ 'backends.yaml': `x: ${url}\ny: http://y\n` }),
    )
    const { backends, problems } = await readRoutes([a!, b!])
    expect(backends!.get('x')).toBe('http://a')
    expect(problems.filter(({ code }) => code === 'FR0044')).toMatchObject([
      { location: { file: path.join(b!, 'backends.yaml'), line: 1 } },
    ])
  })
})

test('texts that are not in files are read beside them', async () => {
  const directory = directoryWith({ 'a.yaml': route('one') })
  const bytes = Buffer.from(`${route('two')}---\nkind: Pod\n`)
  const { routes, problems } = await readRoutes([directory], [{ name: '<stdin>', bytes }])
  expect(routes.map(({ id }) => id)).toEqual(['default/one', 'default/two'])
  expect(problems).toMatchObject([{ code: 'FR0110', location: { file: '<stdin>', line: 9 } }])
})

test('a text over 4 MiB is refused as a file would be', async () => {
  const { problems } = await readRoutes(
    [],
    [{ name: '<stdin>', bytes: Buffer.alloc(4 * 1024 * 1024 + 1, '#') }],
  )
  expect(problems).toMatchObject([{ code: 'FR0045', location: { file: '<stdin>' } }])
})

test('20,000 routes are read, and of more the rest is reported', { timeout: 60_000 }, async () => {
  const manyIn = (count: number) =>
    Array.from({ length: count }, (_, i) => `{"kind":"FanOutRoute","metadata":{"name":"r${i}"}}`).join(
      '\n---\n',
    )
  const directory = directoryWith({ 'a.yaml': manyIn(20_000) })
  const full = await readRoutes([directory])
  expect([full.routes.length, full.problems]).toEqual([20_000, []])
  writeFileSync(path.join(directory, 'b.yaml'), route('more'))
  const over = await readRoutes([directory])
  expect(over.routes).toHaveLength(20_000)
  expect(over.problems).toMatchObject([
    { severity: 'error', code: 'FR0046', message: expect.stringMatching(/^20001 /) },
  ])
})
