import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { renderAnnotationTable } from '../../src/injector/annotation-table.ts'
import { readSettings } from '../../src/injector/read-settings.ts'
import { sidecarContainer } from '../../src/injector/sidecar.ts'
import { sidecar } from './support/options.ts'

const file = new URL('../../docs/kubernetes/injection.md', import.meta.url)
const page = readFileSync(file, 'utf8')

it('docs/kubernetes/injection.md has the table of annotations as the code has it', () => {
  const written = /(?<=<!-- annotations -->\n).*?(?=\n<!-- end -->)/s
  if (process.env['UPDATE_GOLDEN'] === '1')
    writeFileSync(file, page.replace(written, renderAnnotationTable()))
  expect(written.exec(page)?.[0]).toBe(renderAnnotationTable())
})

it('docs/kubernetes/injection.md names every variable, volume and reason', () => {
  const { env, volumeMounts } = sidecarContainer(readSettings({}, sidecar).settings, sidecar)
  for (const { name } of env) expect(page).toContain(name)
  for (const { name, mountPath } of volumeMounts) {
    expect(page).toContain(name)
    expect(page).toContain(mountPath)
  }
  const reasons = [
    'not_opted_in',
    'opted_out',
    'already_injected',
    'mirror_pod',
    'windows',
    'invalid_label',
    'invalid_annotation',
    'host_network',
    'conflict',
    'too_large',
    'bad_request',
    'timeout',
    'aborted',
    'internal',
    'opted_in',
  ]
  for (const reason of reasons) expect(page, reason).toContain(`\`${reason}\``)
})
