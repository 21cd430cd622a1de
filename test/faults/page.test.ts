import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { renderFaultsPage } from './page.ts'

it('docs/faults.md says what the suite runs: `npm run faults -- --page` writes it', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8')
  expect(page).toBe(renderFaultsPage())
})
