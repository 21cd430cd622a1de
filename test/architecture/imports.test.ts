import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

/*
 * Which folder may know which, after docs of the design: the rules that keep the data path free of Kubernetes,
 * configuration and telemetry. A line that breaks one fails here with its place.
 */

const root = resolve(import.meta.dirname, '../../src')

interface Import {
  readonly file: string
  readonly line: number
  readonly target: string
  readonly typeOnly: boolean
}

/** Every folder and what it may import from; `type:x` = types alone. `*` = anything. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  api: [],
  core: [],
  plan: ['api'],
  config: ['api', 'core', 'kubernetes'],
  kubernetes: ['core', 'api'],
  upstream: ['core'],
  policies: ['core'],
  limits: ['core'],
  telemetry: ['core'],
  relay: ['core', 'policies', 'upstream', 'delivery', 'type:plan'],
  delivery: ['core', 'type:plan'],
  admin: ['core', 'api', 'type:plan'],
  controller: ['api', 'plan', 'kubernetes', 'core'],
  injector: ['api', 'kubernetes', 'core'],
  check: ['api', 'kubernetes', 'injector', 'controller', 'plan', 'core'],
  serve: ['*'],
  simulate: ['*'],
  cli: ['*'],
}

/** Packages that only some folders may know. */
const guarded: Readonly<Record<string, readonly string[]>> = {
  undici: ['upstream', 'kubernetes'],
  '@redis/client': ['limits'],
  '@kubernetes/client-node': ['kubernetes'],
  'prom-client': ['telemetry'],
  pino: ['telemetry'],
  '@opentelemetry/api': ['telemetry'],
}

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
  .map(entry => join(entry.parentPath, entry.name))

const statement =
  /^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

const importsOf = (file: string): Import[] => {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(statement)].map(found => {
    const names = /\{([^}]*)\}/.exec(found[0])?.[1]
    const typed = names?.split(',').filter(name => name.trim() !== '')
    const allTyped =
      typed !== undefined && typed.length > 0 && typed.every(name => name.trim().startsWith('type '))
    return {
      file,
      line: text.slice(0, found.index).split('\n').length,
      target: found[2] ?? found[3]!,
      typeOnly: found[1] !== undefined || allTyped,
    }
  })
}

/** First folder below src; '' for files in src itself. */
const folderOf = (file: string): string => {
  const path = relative(root, file)
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

const placeOf = ({ file, line, target }: Import): string =>
  `src/${relative(root, file)}:${line} imports ${target}`

const imports = files.flatMap(importsOf)

describe('imports', () => {
  test('are read at all', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(imports.length).toBeGreaterThan(files.length)
  })

  test('every folder of src has a rule', () => {
    const folders = new Set(files.map(folderOf).filter(folder => folder !== ''))
    expect([...folders].filter(folder => !(folder in allowed))).toEqual([])
  })

  test('folders know only whom they may', () => {
    const broken = imports.filter(found => {
      if (!found.target.startsWith('.')) return false
      const from = folderOf(found.file)
      const to = folderOf(resolve(dirname(found.file), found.target))
      const rule = allowed[from] ?? []
      if (from === '' || from === to || rule.includes('*') || rule.includes(to)) return false
      return !(found.typeOnly && rule.includes(`type:${to}`))
    })
    expect(broken.map(placeOf)).toEqual([])
  })

  test('packages are known only where they belong', () => {
    const broken = imports.filter(({ file, target }) => {
      const name = Object.keys(guarded).find(known => target === known || target.startsWith(`${known}/`))
      return name !== undefined && !guarded[name]!.includes(folderOf(file))
    })
    expect(broken.map(placeOf)).toEqual([])
  })

  test('nothing in src imports tests, scripts or benchmarks', () => {
    const outside = imports.filter(
      ({ file, target }) =>
        target.startsWith('.') && relative(root, resolve(dirname(file), target)).startsWith('..'),
    )
    expect(outside.map(placeOf).filter(place => !place.endsWith('package.json'))).toEqual([])
  })
})

test('the environment is read in src/cli alone', () => {
  const readers = files.filter(
    file =>
      folderOf(file) !== 'cli' &&
      /\bprocess\.env\b|\benv\b[^\n]*from 'node:process'/.test(readFileSync(file, 'utf8')),
  )
  expect(readers.map(file => relative(root, file))).toEqual([])
})
