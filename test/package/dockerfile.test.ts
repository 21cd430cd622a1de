import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

/* There is no Docker where the tests run, so the text is read. */

const root = path.resolve(import.meta.dirname, '../..')
const instructions = readFileSync(path.join(root, 'Dockerfile'), 'utf8')
  .replaceAll(/^\s*#.*\n/gm, '')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter(line => line.trim() !== '')
  .map(line => {
    const [, name, rest] = /^(\w+)\s+(.*)$/.exec(line)!
    return { name: name!, rest: rest! }
  })
const lastFrom = instructions.findLastIndex(({ name }) => name === 'FROM')
const build = instructions.slice(0, lastFrom)
const final = instructions.slice(lastFrom)
const only = (name: string): string => {
  const found = final.filter(instruction => instruction.name === name)
  expect(found, name).toHaveLength(1)
  return found[0]!.rest
}

describe('Dockerfile', () => {
  test('copies from the checkout only what is there and is not ignored', () => {
    const ignored = readFileSync(path.join(root, '.dockerignore'), 'utf8').trim().split('\n')
    const copied = build
      .filter(({ name }) => name === 'COPY')
      .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1))
      .filter(source => !source.startsWith('--'))
    expect(copied).toContain('.')
    for (const source of copied) {
      expect(existsSync(path.join(root, source)), source).toBe(true)
      expect(ignored).not.toContain(source)
    }
    const wanted = ['src', 'bin', 'scripts', 'examples', 'LICENSE', 'package.json']
    expect(wanted.filter(entry => ignored.includes(entry))).toEqual([])
  })

  test('puts into the image only what the build put together', () => {
    for (const { rest } of final.filter(({ name }) => name === 'COPY'))
      expect(rest).toMatch(/--from=build .*\/app /)
    const text = build.map(({ rest }) => rest).join('\n')
    const [, sources] = /cp -r ((?:\S+ )+)\/app\//.exec(text)!
    // dist is made by `npm run build` just before; everything else is in the checkout.
    const made = sources!.trim().split(' ')
    expect(made).toEqual(['dist', 'examples', 'LICENSE'])
    expect(made.slice(1).every(entry => existsSync(path.join(root, entry)))).toBe(true)
    expect(text.indexOf('npm run build')).toBeLessThan(text.indexOf('cp -r '))
    expect(text).toMatch(/cp node_modules\/node-linux-\*\/bin\/node \/app\/bin\/node/)
    expect(readFileSync(path.join(root, 'package.json'), 'utf8')).toMatch(/"node-linux-(x64|arm64)"/)
  })

  test('ends in an image without a shell, as a user who is not root, with an entry point that is there', () => {
    expect(only('FROM')).toMatch(/^gcr\.io\/distroless\/\S+:nonroot$/)
    expect(final.some(({ name }) => name === 'RUN')).toBe(false)
    const [uid, gid] = only('USER').split(':').map(Number)
    expect(uid).toBeGreaterThan(0)
    expect(gid).toBeGreaterThan(0)
    const entryPoint: string[] = JSON.parse(only('ENTRYPOINT'))
    expect(entryPoint[0]).toBe('/app/bin/node')
    expect(entryPoint.at(-1)).toBe('/app/dist/fanout-relay.cjs')
    expect(readFileSync(path.join(root, 'scripts/build.ts'), 'utf8')).toContain('dist/fanout-relay.cjs')
    expect(JSON.parse(only('CMD'))[0]).toBe('run')
    expect(only('EXPOSE').split(' ')).toEqual(['4780', '4781', '4782'])
  })

  test('starts Node with options that Node knows', () => {
    const options = (JSON.parse(only('ENTRYPOINT')) as string[]).slice(1, -1)
    const printed = execFileSync(process.execPath, [...options, '-p', '1'], { encoding: 'utf8' })
    expect(printed).toBe('1\n')
  })
})
