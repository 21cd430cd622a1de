import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyPatch } from 'rfc6902'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { decide } from '../../src/injector/decide.ts'
import type { Pod } from '../../src/injector/pod.ts'
import type { SidecarOptions } from '../../src/injector/sidecar-options.ts'
import { sidecar } from './support/options.ts'
import { restrictedViolations } from './support/restricted.ts'

/*
 * Pairs `<case>.in.yaml`, `<case>.out.yaml`: a pod (and labels of its namespace, and options of the operator) in;
 * decision and patched pod out. UPDATE_GOLDEN=1 writes what comes out; read the difference before it is committed.
 */

interface Case {
  readonly namespaceLabels?: Readonly<Record<string, string>>
  readonly options?: Partial<SidecarOptions>
  readonly pod: Pod
}

const folder = join(import.meta.dirname, 'testdata')
const update = process.env['UPDATE_GOLDEN'] === '1'
const cases = readdirSync(folder)
  .filter(file => file.endsWith('.in.yaml'))
  .map(file => file.replace('.in.yaml', ''))

const read = (name: string): Case => parse(readFileSync(join(folder, `${name}.in.yaml`), 'utf8'))

const run = ({ pod, namespaceLabels = {}, options = {} }: Case) => {
  const decision = decide(pod, namespaceLabels, { ...sidecar, ...options })
  const { patch, ...rest } = { patch: undefined, ...decision }
  if (!patch) return { decision: rest, pod: undefined }
  const patched = structuredClone(pod)
  const failures = applyPatch(patched, [...patch]).filter(failure => failure !== null)
  expect(failures).toEqual([])
  return { decision: { ...rest, patch: patch.map(({ op, path }) => `${op} ${path}`) }, pod: patched }
}

describe('golden pairs', () => {
  it.each(cases)('%s', name => {
    const actual = stringify(run(read(name)), {
      lineWidth: 110,
      aliasDuplicateObjects: false,
      keepUndefined: false,
    })
    const path = join(folder, `${name}.out.yaml`)
    if (update) writeFileSync(path, actual)
    expect(parse(actual)).toEqual(parse(readFileSync(path, 'utf8')))
  })

  it('show every reason there is', () => {
    const reasons = new Set(cases.map(name => run(read(name)).decision.reason))
    expect([...reasons].sort()).toEqual([
      'already_injected',
      'conflict',
      'host_network',
      'invalid_annotation',
      'invalid_label',
      'mirror_pod',
      'not_opted_in',
      'opted_in',
      'opted_out',
      'windows',
    ])
  })

  it('add nothing that Pod Security restricted refuses', () => {
    for (const name of cases) {
      const input = read(name)
      const { pod } = run(input)
      if (pod) expect(restrictedViolations(pod), name).toEqual(restrictedViolations(input.pod))
    }
  })

  it('leave every injected pod as it is the second time', () => {
    for (const name of cases) {
      const input = read(name)
      const { pod } = run(input)
      if (pod)
        expect(run({ ...input, pod }).decision, name).toMatchObject({
          result: 'skipped',
          reason: 'already_injected',
        })
    }
  })
})
