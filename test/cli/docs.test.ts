import { expect, test } from 'vitest'
import { renderCliDocs } from '../../src/cli/docs.ts'
import { envName, type Option } from '../../src/cli/option.ts'
import { verbs } from '../../src/cli/verbs.ts'
import { container } from './fixtures.ts'

test('the page has a section for each verb and a row for each option', () => {
  const page = renderCliDocs()
  for (const { name, options } of verbs) {
    const [, section = ''] = page.split(`\n## ${name}\n`)
    for (const { flag } of Object.values(options)) {
      expect(section.split('\n## ')[0]).toMatch(new RegExp(`--${flag}.*${envName(flag)}`))
    }
  }
})

test('the page is the same on every machine', () => {
  expect(renderCliDocs()).toContain(
    '| `--listen HOST:PORT` | `FANOUT_LISTEN` | `127.0.0.1:4780,[::1]:4780` |',
  )
  expect(renderCliDocs()).not.toContain('undefined')
})

const options = verbs.flatMap(({ name, options }) =>
  Object.values(options).map(option => [name, option] as const),
)

test.each(options)('%s: the default of an option is a value of it', (_, option: Option<unknown>) => {
  for (const machine of [container, { ...container, terminal: true }]) {
    const fallback = typeof option.default === 'string' ? option.default : option.default(machine)
    expect(() => option.read(fallback === '' ? [] : [fallback], machine)).not.toThrow()
    // A default that depends on the machine needs words, or documentation would have none.
    if (typeof option.default !== 'string') expect(option.defaultText).toBeTruthy()
  }
})
