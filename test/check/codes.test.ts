import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkCode, checkCodes } from '../../src/check/codes.ts'
import { renderCheckPage } from '../../src/check/page.ts'
import { codes } from '../../src/plan/codes.ts'

describe('codes of check', () => {
  it('are FR02xx, each once, and none of them is a code of lint', () => {
    const names = checkCodes.map(({ code }) => code)
    expect(names.filter(name => !/^FR02[0-9]{2}$/.test(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
    expect(codes.filter(({ code }) => names.includes(code))).toEqual([])
  })

  it('say cause, command and fix', () => {
    for (const { code, title, why, command, fix } of checkCodes)
      expect([code, [title, why, command, fix].every(text => text.trim().length > 5)]).toEqual([code, true])
  })

  it('are the page that findings point to', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/kubernetes/check.md'), 'utf8')
    expect(page).toBe(renderCheckPage())
    for (const { code } of checkCodes) expect(page).toContain(`<a id="${code.toLowerCase()}"></a>`)
  })

  it('know no others', () => {
    expect(() => checkCode('FR0299')).toThrow('FR0299')
  })
})
