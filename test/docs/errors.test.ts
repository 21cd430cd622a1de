import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorTokens, statusOfError } from '../../src/core/errors.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const [failures = '', refusals = ''] = page.split('## A request was refused')

const sources = readdirSync(join(root, 'src/relay'), { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
const codes = new Set(
  sources.flatMap(text => [...text.matchAll(/code: '([a-z_]+)'/g)].map(match => match[1]!)),
)

it.each(errorTokens)('explains %s', token => {
  expect(failures).toContain(`| \`${token}\` |`)
})

it.each(errorTokens.filter(token => !['http_status', 'client_cancelled'].includes(token)))(
  'names the status of %s',
  token => {
    expect(failures).toMatch(new RegExp(`\\| \`${token}\` \\| ${statusOfError(token)} \\|`))
  },
)

it.each([...codes].filter(code => code !== 'relay_internal'))('explains the refusal %s', code => {
  expect(refusals).toContain(`| \`${code}\` |`)
})

it('explains no refusal that does not exist', () => {
  const explained = [...refusals.matchAll(/^\| `([a-z_]+)` \|/gm)].map(match => match[1]!)
  expect(explained.filter(code => !codes.has(code))).toEqual([])
})
