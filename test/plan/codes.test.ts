import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { codes, severityOf } from '../../src/plan/codes.ts'
import { renderCodesPage } from '../../src/plan/codes-page.ts'

const root = join(import.meta.dirname, '../..')

describe('problem codes', () => {
  it('are unique and in order', () => {
    const all = codes.map(({ code }) => code)
    expect(all).toEqual([...new Set(all)].sort())
    expect(all.filter(code => !/^FR[0-9]{4}$/.test(code))).toEqual([])
  })

  it('are errors below FR0100 and warnings above', () => {
    for (const { code, severity } of codes) expect(`${code} ${severity}`).toBe(`${code} ${severityOf(code)}`)
  })

  it('that the sources name are all registered', () => {
    const named = ['src/api', 'src/plan', 'src/config'].flatMap(folder =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter(file => file.endsWith('.ts'))
        .flatMap(file => readFileSync(join(root, folder, file), 'utf8').match(/'FR[0-9]{4}'/g) ?? []),
    )
    const registered = new Set(codes.map(({ code }) => `'${code}'`))
    // Where warnings begin.
    registered.add("'FR0100'")
    expect([...new Set(named)].filter(code => !registered.has(code))).toEqual([])
  })

  it('have a section each on the page, which is up to date', () => {
    const page = readFileSync(join(root, 'docs/codes.md'), 'utf8')
    expect(page).toBe(renderCodesPage())
    for (const { code } of codes) expect(page).toContain(`<a id="${code.toLowerCase()}"></a>`)
  })

  it('have examples that are YAML, but for the one about YAML', () => {
    for (const { code, wrong, right } of codes) {
      if (wrong !== undefined && code === 'FR0001') expect(() => parse(wrong)).toThrow()
      else if (wrong !== undefined && !['FR0102'].includes(code)) parse(wrong)
      if (right !== undefined) parse(right)
    }
  })
})
