import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { fanOutRoute } from '../../src/api/fan-out-route.ts'
import { apiVersion, kind } from '../../src/api/names.ts'
import { cli } from '../cli/fixtures.ts'
import { directoryWith } from '../e2e/support/directories.ts'

const root = path.resolve(import.meta.dirname, '../..')

interface Block {
  readonly page: string
  readonly line: number
  readonly text: string
}

const pages = ['README.md', ...readdirSync(path.join(root, 'docs')).map(name => `docs/${name}`)]
const textOf = (page: string): string => readFileSync(path.join(root, page), 'utf8')

const blocks = pages
  .filter(page => page.endsWith('.md'))
  .flatMap(page =>
    [...textOf(page).matchAll(/```yaml\n([\s\S]*?)```/g)].map((match): Block => {
      const line = textOf(page).slice(0, match.index).split('\n').length
      return { page, line, text: match[1]! }
    }),
  )
const isRoute = ({ text }: Block): boolean => text.includes(`apiVersion: ${apiVersion}\nkind: ${kind}\n`)
const routes = blocks.filter(isRoute)

describe('YAML in the documentation', () => {
  test.each(routes.map(block => [`${block.page}:${block.line}`, block] as const))(
    '%s is a valid route without warnings',
    async (_place, { text }) => {
      const directory = directoryWith({ 'route.yaml': text })
      expect(await cli(['lint', '--strict', directory])).toEqual({
        code: 0,
        stdout: 'no problems in 1 route\n',
        stderr: '',
      })
    },
  )

  test('of docs/routes.md is nothing but routes and one backends.yaml', async () => {
    const here = blocks.filter(({ page }) => page === 'docs/routes.md')
    const [backends, ...others] = here.filter(block => !isRoute(block))
    expect(others).toEqual([])
    expect(here.length).toBeGreaterThan(5)
    const uses = (key: string, port: number): string => `
apiVersion: ${apiVersion}
kind: ${kind}
metadata: {name: ${key}-${port}, namespace: shop}
spec:
  matches: [{path: {value: /${key}}}]
  upstreams: [{name: a, backendRef: {name: ${key}, port: ${port}}}]
`
    const directory = directoryWith({
      'backends.yaml': backends!.text,
      'route.yaml': [uses('crm', 8080), uses('inventory', 1)].join('---'),
    })
    const { code, stdout } = await cli(['explain', 'GET', '/crm', directory])
    expect(code).toBe(0)
    expect(stdout).toContain('https://crm.example')
    expect(await cli(['lint', '--strict', directory])).toMatchObject({ code: 0 })
  })
})

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly enum?: readonly string[]
}

/** Names of all fields below `spec`, and of the values they choose from. */
const wordsOf = (schema: Schema): readonly string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [name, ...wordsOf(field)]),
  ...(schema.items ? wordsOf(schema.items) : []),
  ...(schema.enum ?? []),
]

test('docs/routes.md tells of every field of spec and every value', () => {
  const page = textOf('docs/routes.md')
  const schema = fanOutRoute.shape.spec.toJSONSchema({ io: 'input' }) as Schema
  const words = new Set(wordsOf(schema))
  expect(words.size).toBeGreaterThan(60)
  const missing = [...words].filter(word => !new RegExp(`\\b${word}\\b`).test(page))
  expect(missing).toEqual([])
})

test('links between pages lead somewhere', () => {
  const anchorOf = (heading: string): string =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
  const anchorsOf = (text: string): string[] => [
    ...[...text.matchAll(/^#+ (.+)$/gm)].map(match => anchorOf(match[1]!)),
    ...[...text.matchAll(/<a id="([^"]+)">/g)].map(match => match[1]!),
  ]
  const broken: string[] = []
  for (const page of [...pages, 'examples/README.md'].filter(name => name.endsWith('.md'))) {
    for (const [, target] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue
      const [file = '', anchor] = target!.split('#')
      const to = file === '' ? page : path.join(path.dirname(page), file)
      const text = (() => {
        try {
          return textOf(to)
        } catch {
          return undefined
        }
      })()
      if (text === undefined || (anchor && !anchorsOf(text).includes(anchor)))
        broken.push(`${page}: ${target}`)
    }
  }
  expect(broken).toEqual([])
})
