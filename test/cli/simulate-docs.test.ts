import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { cli, directoryWith } from './fixtures.ts'

const page = readFileSync('docs/simulate.md', 'utf8')
const yaml = /```yaml\n(.*?)```/s.exec(page)![1]!

/** Commands of the page, each with the lines before the first measured time. */
const shown = [...page.matchAll(/^```\n\$ fanout-relay (simulate [^\n]*)\n(.*?)\n\n/gms)].map(
  ([, command, head]) => [command!, head!] as const,
)

test('the page shows commands', () => {
  expect(shown.length).toBe(3)
})

test.each(shown)('%s begins as the page shows', async (command, head) => {
  const directory = directoryWith({ 'price.yaml': yaml })
  const args = command.split(' ').map(arg => (arg === 'price.yaml' ? path.join(directory, arg) : arg))
  const { code, stdout } = await cli([...args, '--requests', '1'])
  expect(code).toBeLessThan(2)
  expect(stdout.slice(0, head.length)).toBe(head)
})
