import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import * as labels from '../../src/api/labels.ts'
import { version } from '../../src/api/names.ts'
import { envName } from '../../src/cli/option.ts'
import type { VerbText } from '../../src/cli/verb.ts'
import { annotations } from '../../src/injector/annotations.ts'
import { bucketKey } from '../../src/limits/shared-limit.ts'

/*
 * What pages tell people to type or to look for has to exist. Verbs and flags are those of the modules of src/cli,
 * whether or not the list of verbs has them yet.
 */

const root = path.resolve(import.meta.dirname, '../..')
const pages = readdirSync(path.join(root, 'docs/kubernetes'))
  .filter(name => name.endsWith('.md'))
  .map(name => `docs/kubernetes/${name}`)
const textOf = (page: string): string => readFileSync(path.join(root, page), 'utf8')

const sourcesIn = (folder: string): readonly string[] =>
  readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => path.join(entry.parentPath, entry.name))

const isVerb = (value: unknown): value is VerbText =>
  typeof value === 'object' && value !== null && 'execute' in value && 'options' in value

const modules = sourcesIn('src/cli').filter(file => /\bdefineVerb\(/.test(readFileSync(file, 'utf8')))
const exported = await Promise.all(modules.map(async file => Object.values((await import(file)) as object)))
const verbs = new Map(
  exported
    .flat()
    .filter(isVerb)
    .map(verb => [verb.name, Object.values(verb.options)] as const),
)
const flags = new Set([...verbs.values()].flat().map(({ flag }) => flag))

/** Of programs that pages tell to run beside ours. */
const foreignFlags = ['force-conflicts', 'reuse-values', 'server-side', 'set', 'take-ownership', 'values']

/** Pieces of code of a page: fenced, and between backticks. Continued lines are one. */
const codeOf = (page: string): readonly string[] => {
  const fenced = [...textOf(page).matchAll(/```[a-z]*\n([\s\S]*?)```/g)].map(([, code = '']) => code)
  const inline = [
    ...textOf(page)
      .replaceAll(/```[\s\S]*?```/g, '')
      .matchAll(/`([^`\n]+)`/g),
  ]
  return [
    ...fenced.flatMap(code => code.replaceAll('\\\n', ' ').split('\n')),
    ...inline.map(([, code = '']) => code),
  ]
}

const ours = /^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:(?:bin\/|npx )?fanout-relay|kubectl[ -]fanout) ([a-z][a-z-]*)(.*)$/

/** Command lines of ours, as verb and the rest. */
const commandsOf = (page: string): readonly (readonly [verb: string, rest: string])[] =>
  codeOf(page).flatMap(line =>
    line.split(/ (?:\||&&|;) /).flatMap(part => {
      const [, verb, rest = ''] = ours.exec(part.trim()) ?? []
      return verb === undefined ? [] : [[verb, rest.replace(/ #.*$/, '')] as const]
    }),
  )

const wordsOf = (page: string, pattern: RegExp): readonly string[] => [
  ...new Set([...textOf(page).replaceAll('\\.', '.').matchAll(pattern)].map(([, word = '']) => word)),
]

describe('verbs and flags', () => {
  test('are read at all', () => {
    expect([...verbs.keys()]).toEqual(expect.arrayContaining(['run', 'lint', 'inject', 'controller']))
    expect(flags).toContain('drain-delay')
  })

  test.each(pages)('of commands in %s exist', page => {
    const wrong = commandsOf(page).flatMap(([verb, rest]) => {
      const options = verbs.get(verb)
      if (!options) return [`${verb}: no such verb`]
      const used = [...rest.matchAll(/(?<=\s)(-{1,2})([a-z][a-z-]*)/g)]
      return used.flatMap(([text, dashes, name]) => {
        const known = options.some(({ flag, short }) => (dashes === '--' ? flag === name : short === name))
        return known || text === '--help' ? [] : [`${verb} ${text}: no such flag`]
      })
    })
    expect(wrong).toEqual([])
  })

  test.each(pages)('that stand alone in %s exist', page => {
    const alone = wordsOf(page, /`--([a-z][a-z-]*)[ =`]/g)
    expect(alone.filter(name => !flags.has(name) && !foreignFlags.includes(name))).toEqual([])
  })

  test.each(pages)('have the variables that %s names', page => {
    const known = new Set([...[...flags].map(envName), 'FANOUT_RELAY_URL'])
    expect(wordsOf(page, /\b(FANOUT_[A-Z_]+)\b/g).filter(name => !known.has(name))).toEqual([])
  })
})

test.each(pages)('labels and annotations in %s exist', page => {
  const own = Object.values(labels).filter(value => typeof value === 'string' && value.includes('/'))
  const known = new Set([
    ...(own as readonly string[]).map(key => key.split('/')[1]!),
    ...Object.values(annotations).map(({ name }) => name),
    // Not keys: version of the API, and a directory of the relay's container.
    version,
    'serviceaccount',
  ])
  const named = wordsOf(page, /fanoutrelay\.dev\/([A-Za-z0-9][A-Za-z0-9-]*)/g).map(key =>
    key.replace(/-$/, ''),
  )
  expect(named.filter(key => !known.has(key))).toEqual([])
})

test.each(pages)('conditions and reasons in %s exist', page => {
  const types: readonly string[] = labels.conditionTypes
  const known = new Set([...types, ...Object.values(labels.reasons), ...Object.values(labels.eventReasons)])
  const waitedFor = wordsOf(page, /--for=condition=([A-Za-z]+)/g)
  const stated = wordsOf(page, /`([A-Z][A-Za-z]+)=(?:True|False|Unknown)`/g)
  expect([...waitedFor, ...stated].filter(type => !types.includes(type))).toEqual([])
  const tables = textOf(page).matchAll(/^\| (?:reason|condition) \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)/gm)
  const first = [...tables].flatMap(([, rows = '']) => rows.split('\n').map(row => row.split('|')[1] ?? ''))
  const named = first.flatMap(cell => [...cell.matchAll(/`([A-Z][^`]*)`/g)].map(([, word = '']) => word))
  expect(named.filter(word => !known.has(word as labels.ConditionType))).toEqual([])
})

test.each(pages)('metrics in %s exist', page => {
  const made = sourcesIn('src/telemetry').map(file => readFileSync(file, 'utf8'))
  const known = new Set(
    made.flatMap(text => [...text.matchAll(/'(fanout_[a-z_]+)'/g)].map(([, name]) => name)),
  )
  expect(known).toContain('fanout_requests_total')
  const named = wordsOf(page, /\b(fanout_[a-z_]+)\b/g)
  const unknown = named.filter(
    name => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, '')),
  )
  expect(unknown).toEqual([])
})

test.each(pages)('values of the chart in %s exist', page => {
  const values: unknown = parse(textOf('charts/fanout-relay/values.yaml'))
  const top = Object.keys(values as object)
  const isValue = (at: unknown, [key, ...rest]: readonly string[]): boolean => {
    if (key === undefined) return true
    if (typeof at !== 'object' || at === null) return false
    // An empty map is the user's own.
    if (Array.isArray(at) || Object.keys(at).length === 0) return true
    return key in at && isValue((at as Readonly<Record<string, unknown>>)[key], rest)
  }
  const dotted = wordsOf(page, /(?:`|--set )([a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)+)(?=[`=."])/g)
  const named = dotted.filter(name => top.includes(name.split('.')[0]!))
  expect(named.filter(name => !isValue(values, name.split('.')))).toEqual([])
})

test('the user of the store that a namespace is given may write its keys, the probe, and nothing of others', () => {
  const [, name, rights = ''] = /^ACL SETUSER (\S+) (.*)$/m.exec(textOf('docs/kubernetes/multi-tenancy.md'))!
  const patterns = [...rights.matchAll(/~(\S+)/g)].map(([, pattern = '']) => pattern)
  const allows = (key: string): boolean =>
    patterns.some(pattern => (pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern))
  const keyOf = (leg: string): string => bucketKey(leg, { requests: 1, intervalMs: 1000, burst: 1 })
  const [, probe = ''] = /bucketCalls\('([^']+)'/.exec(textOf('src/limits/store-link.ts'))!
  const keys = [keyOf(`${name}/orders`), keyOf(`${name}/orders/crm`), probe]
  expect(keys.filter(key => !allows(key))).toEqual([])
  expect([keyOf('bank/orders'), keyOf(`${name}-2/orders`)].filter(allows)).toEqual([])
  const [, all = ''] = /^ACL SETUSER \S+ .*?(\+.*)$/m.exec(textOf('docs/rate-limits.md'))!
  expect(rights).toContain(all)
})
