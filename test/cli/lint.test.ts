import { symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { cli, directoryWith, pipeWith, route } from './fixtures.ts'

const broken = route('price', '{name: b, url: http://b, backendRef: {name: b, port: 1}}')
const warned = `${route('orders')}---\nkind: Service\n`

test('routes without fault are exit code 0', async () => {
  const directory = directoryWith({ 'a.yaml': route('orders'), 'b.yaml': route('price') })
  expect(await cli(['lint', directory])).toEqual({ code: 0, stdout: 'no problems in 2 routes\n', stderr: '' })
})

test('a problem is shown with place, code, field, fix and documentation; errors are exit code 1', async () => {
  const directory = directoryWith({ 'price.yaml': broken })
  const { code, stdout } = await cli(['lint', directory])
  expect(code).toBe(1)
  const [problem, hints, summary] = stdout.split('\n')
  expect(problem).toBe(
    `${directory}/price.yaml:7:7  error    FR0010  exactly one of backendRef or url must be set  (spec.upstreams[0])`,
  )
  expect(hints).toMatch(/^ +(fix: .* {3})?docs: docs\/codes\.md#fr0010$/)
  expect(summary).toBe('1 error, 0 warnings in 1 route')
})

test('problems come in the order of files and lines', async () => {
  const directory = directoryWith({ 'b.yaml': 'a: [', 'a.yaml': `${warned}---\nkind: Pod\n` })
  const { stdout } = await cli(['lint', '-o', 'json', directory])
  const places = JSON.parse(stdout).problems.map(
    ({ location }: { location: { file: string; line: number } }) =>
      `${path.basename(location.file)}:${location.line}`,
  )
  expect(places).toEqual(['a.yaml:9', 'a.yaml:11', 'b.yaml:1'])
})

test('warnings alone are exit code 0, and 1 with --strict', async () => {
  const directory = directoryWith({ 'a.yaml': warned })
  const { code, stdout } = await cli(['lint', directory])
  expect(code).toBe(0)
  expect(stdout).toContain('warning  FR0110')
  expect(stdout).toContain('0 errors, 1 warning in 1 route')
  expect((await cli(['lint', '--strict', directory])).code).toBe(1)
  expect((await cli(['lint', directory], { env: { FANOUT_STRICT: 'true' } })).code).toBe(1)
})

test('nothing to check is exit code 1: a wrong path must not pass', async () => {
  const directory = directoryWith({ 'service.yaml': 'kind: Service\n' })
  const { code, stdout } = await cli(['lint', directory])
  expect(code).toBe(1)
  expect(stdout).toMatch(/error +FR0111/)
  expect(stdout).toContain('1 error, 1 warning in 0 routes')
})

test('that a route is not served comes last among its problems, and before those of the next', async () => {
  const one = route('orders').replace('  matches:', '  match:').replace('{name: a,', '{name: A,')
  const directory = directoryWith({ 'a.yaml': `${one}---\n${broken}` })
  const { stdout } = await cli(['lint', '-o', 'json', directory])
  const found = JSON.parse(stdout).problems.map(({ code }: { code: string }) => code)
  expect(found).toEqual(['FR0002', 'FR0005', 'FR0048', 'FR0010'])
})

test('-o json is one object with counts and problems', async () => {
  const directory = directoryWith({ 'price.yaml': broken })
  const { code, stdout } = await cli(['lint', '-o', 'json', directory])
  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({
    errors: 1,
    warnings: 0,
    routes: 1,
    problems: [
      {
        severity: 'error',
        code: 'FR0010',
        route: 'default/price',
        field: 'spec.upstreams[0]',
        location: { file: path.join(directory, 'price.yaml'), line: 7, column: 7 },
      },
    ],
  })
})

test('- reads standard input, alone or beside files', async () => {
  const alone = await cli(['lint', '-'], { stdin: broken })
  expect(alone.code).toBe(1)
  expect(alone.stdout).toContain('<stdin>:7:7')
  const directory = directoryWith({ 'backends.yaml': 'inventory: http://localhost:9001\n' })
  const stdin = route('orders', '{name: a, backendRef: {name: inventory, port: 80}}')
  expect((await cli(['lint', '-', directory], { stdin })).stdout).toBe('no problems in 1 route\n')
})

describe('what is named and no regular file', () => {
  test('is read if it is a pipe, with the exit code of a file', async () => {
    const bad = pipeWith(broken)
    const found = await cli(['lint', bad])
    expect(found).toMatchObject({ code: 1, stdout: expect.stringMatching(/pipe:7:7 +error +FR0010/) })
    expect((await cli(['lint', pipeWith(route('orders'))])).stdout).toBe('no problems in 1 route\n')
    const directory = directoryWith({ 'a.yaml': route('orders') })
    expect(await cli(['lint', directory, pipeWith(broken)])).toMatchObject({ code: 1 })
  })

  test('is nothing to check if nothing is in it', async () => {
    const { code, stdout } = await cli(['lint', '/dev/null'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/error +FR0111 .*\/dev\/null/)
  })

  test('is read up to the size that a file may have', async () => {
    const { code, stdout } = await cli(['lint', '/dev/zero'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/\/dev\/zero:1:1 +error +FR0045/)
  })
})

describe('what cannot be read is an error, for it has not been checked', () => {
  test('beside routes that are right', async () => {
    const directory = directoryWith({ 'b.yaml': route('orders') })
    symlinkSync('nowhere.yaml', path.join(directory, 'a.yaml'))
    const { code, stdout } = await cli(['lint', directory])
    expect(code).toBe(1)
    expect(stdout).toMatch(/a\.yaml:1:1 +error +FR0112 .*does not exist/)
    expect(stdout).toContain('1 error, 0 warnings in 1 route')
  })

  test('a pipe in a directory too: a relay would not read it either', async () => {
    const pipe = pipeWith('', 'a.yaml')
    const { code, stdout } = await cli(['lint', path.dirname(pipe)])
    expect(code).toBe(1)
    expect(stdout).toMatch(/error +FR0112 .*not a regular file\n +fix: put a regular file in its place/)
    expect(stdout).not.toContain('stay in use')
  })
})

test('the examples of the product are without fault', async () => {
  expect(await cli(['lint', '--strict', 'examples/orders'])).toMatchObject({ code: 0 })
})

test('policies that hardly do what they say are warned about, with a way out', async () => {
  const directory = directoryWith({
    'a.yaml': route('orders', '{name: a, url: http://127.0.0.1:9001, retry: {attempts: 2}}'),
  })
  const { code, stdout } = await cli(['lint', directory])
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^.*a\.yaml:7:\d+ +warning +FR0107 .*POST.*\(spec\.upstreams\[0\]\.retry\.attempts\)$/m,
  )
  expect(stdout).toContain('idempotencyKey: {}')
})

test('--kubernetes takes Services for found: a cluster has names for them', async () => {
  const directory = directoryWith({ 'a.yaml': route('orders', '{name: a, backendRef: {name: a, port: 80}}') })
  expect((await cli(['lint', directory])).stdout).toContain('FR0040')
  expect(await cli(['lint', '--kubernetes', directory])).toMatchObject({ code: 0 })
})

test('a Merge that would call its failure a success is warned about, an Envelope is not', async () => {
  const answering = (response: string) => `${route('orders')}  response: ${response}\n`
  const directory = directoryWith({ 'a.yaml': answering('{body: Merge, statuses: {failed: 200}}') })
  expect((await cli(['lint', directory])).stdout).toMatch(
    /a\.yaml:8:\d+ +warning +FR0134 .*\(spec\.response\.statuses\.failed\)$/m,
  )
  const other = directoryWith({ 'a.yaml': answering('{body: Envelope, statuses: {failed: 200}}') })
  expect((await cli(['lint', other])).stdout).toBe('no problems in 1 route\n')
})
