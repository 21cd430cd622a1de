import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const folder = 'docs/kubernetes'
const pages = [
  ...readdirSync(path.join(root, folder)).map(name => `${folder}/${name}`),
  'SECURITY.md',
  'charts/fanout-relay/README.md',
].filter(name => name.endsWith('.md'))

const textOf = (page: string): string => readFileSync(path.join(root, page), 'utf8')

/** As GitHub makes them of headings. */
const anchorsOf = (page: string): readonly string[] =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)]
    .map(([, heading = '']) => heading.toLowerCase())
    .map(heading => heading.replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-'))
    .concat([...textOf(page).matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id))

const leadsSomewhere = (page: string, target: string): boolean => {
  const [file = '', anchor] = target.split('#')
  const to = file === '' ? page : path.join(path.dirname(page), file)
  if (!existsSync(path.join(root, to))) return false
  return !anchor || anchorsOf(to).includes(anchor)
}

describe('pages about Kubernetes', () => {
  test.each(pages)('%s links to what is there', page => {
    const targets = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    const own = targets.filter(target => !/^[a-z]+:/.test(target))
    expect(own.filter(target => !leadsSomewhere(page, target))).toEqual([])
  })

  test.each(pages)('%s names files that are there', page => {
    const named = [...textOf(page).matchAll(/`((?:src|test|charts|examples|crds|scripts)\/[\w./-]+)`/g)]
    const gone = named.map(([, file = '']) => file).filter(file => !existsSync(path.join(root, file)))
    expect(gone).toEqual([])
  })

  test('are all in the index, once', () => {
    const listed = [...textOf(`${folder}/README.md`).matchAll(/^\| \[([a-z-]+\.md)\]\(\1\) \|/gm)]
    const there = pages.filter(page => page.startsWith(folder)).map(page => path.basename(page))
    expect(listed.map(([, name]) => name).sort()).toEqual(there.filter(name => name !== 'README.md').sort())
  })

  test('claim of the threat model: every row of a way in shows something', () => {
    const [, ways = ''] = textOf(`${folder}/threat-model.md`).split('## Ways in')
    const rows = ways
      .split('## Known and left')[0]!
      .split('\n')
      .filter(line => /^\| (?!-|threat|file)/.test(line))
    expect(rows.length).toBeGreaterThan(25)
    expect(rows.filter(row => !/`(?:test|src)\/[^`]+` ?(?:, `[^`]+` ?)*\|$/.test(row))).toEqual([])
  })
})
