import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { conditionTypes, eventReasons, reasons } from '../../src/api/labels.ts'
import { createControllerFamilies } from '../../src/telemetry/metrics/controller-families.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/kubernetes/conditions.md'), 'utf8')

describe('docs/kubernetes/conditions.md', () => {
  it.each(Object.values(reasons))('has a section for reason %s', reason => {
    const section = page.split(`\n### ${reason}\n`)[1]?.split('\n##')[0] ?? ''
    expect(section).toContain('- **Symptom:**')
    expect(section).toContain('- **Cause:**')
  })

  it('names every condition, event and metric', () => {
    const metrics = Object.values(createControllerFamilies()).map(({ name }) => name)
    const names = [...conditionTypes, ...Object.values(eventReasons), ...metrics]
    expect(names.filter(name => name !== 'fanout_build_info' && !page.includes(name))).toEqual([])
  })

  it('names no metric that does not exist', () => {
    const metrics = Object.values(createControllerFamilies()).map(({ name }) => name)
    const named = [...page.matchAll(/\bfanout_[a-z_]+/g)].map(([name]) => name)
    expect(named.filter(name => !metrics.includes(name))).toEqual([])
  })
})
