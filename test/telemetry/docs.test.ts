import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { breakerStates, idempotencyResults, skipReasons } from '../../src/core/observer.ts'
import { createFamilies } from '../../src/telemetry/metrics/families.ts'
import { hasTool } from '../support/tool.ts'

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
const families = Object.values(createFamilies())

const rows = [...page.matchAll(/^\| `(fanout_\w+)` \| (\w+) \|(.*?)\| .+ \|$/gm)].map(
  ([, name, type, labels]) => ({ name, type, labels: labels!.match(/\w+/g) ?? [] }),
)

describe('docs/metrics.md', () => {
  it('lists every metric once, with its type and labels, and no other', () => {
    const exposed = families.map(({ name, type, labels }) => ({ name, type, labels }))
    const byName = (a: { name: string | undefined }, b: { name: string | undefined }) =>
      a.name! < b.name! ? -1 : 1
    expect(rows.toSorted(byName)).toEqual(exposed.toSorted(byName))
  })

  it('explains every value of a fixed label', () => {
    for (const value of [...breakerStates, ...idempotencyResults, ...skipReasons]) {
      expect(page, value).toMatch(new RegExp(`^\\|.*(result|state|reason)\`.*\`${value}\``, 'm'))
    }
  })

  const promql = /```promql\n(.*?)```/s.exec(page)?.[1] ?? ''

  it('asks its queries only for what exists', () => {
    const names = new Set(families.map(({ name }) => name))
    const asked = promql.match(/fanout_\w+/g) ?? []
    expect(asked.length).toBeGreaterThan(5)
    expect(asked.filter(name => !names.has(name))).toEqual([])
  })

  it.runIf(hasTool('promtool'))('holds rules that promtool accepts', () => {
    const expressions = promql
      .split(/^#.*\n/m)
      .map(text => text.trim())
      .filter(Boolean)
    const rules = expressions.map((expr, index) => ({ alert: `Rule${index}`, expr }))
    const directory = mkdtempSync(join(tmpdir(), 'fanout-rules-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = join(directory, 'rules.yaml')
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'docs', rules }] }))
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })
    expect(status, stderr + stdout).toBe(0)
    expect(stdout).toContain(`${expressions.length} rules found`)
  })
})
