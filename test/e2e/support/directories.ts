import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory that is gone after the test, with these files in it. */
export const directoryWith = (files: Readonly<Record<string, string>> = {}): string => {
  const directory = mkdtempSync(path.join(tmpdir(), 'fanout-e2e-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text)
  return directory
}

/** How a file may be edited: as editors do, as careful programs do, as the kubelet does. */
export const editStyles = ['in place', 'by rename', 'by the link swap of a ConfigMap'] as const
export type EditStyle = (typeof editStyles)[number]

export interface EditedFile {
  readonly directory: string
  write(text: string): void
}

/** A directory with one route file that is edited in one style. */
export const editedFile = (style: EditStyle, text: string): EditedFile => {
  const directory = directoryWith()
  const file = path.join(directory, 'route.yaml')
  let count = 0
  const write = (next: string): void => {
    count++
    if (style === 'in place') writeFileSync(file, next)
    else if (style === 'by rename') {
      writeFileSync(`${file}.next`, next)
      renameSync(`${file}.next`, file)
    } else swap(directory, `..data_${count}`, next)
  }
  if (style === editStyles[2]) {
    write(text)
    symlinkSync(path.join('..data', 'route.yaml'), file)
  } else write(text)
  return { directory, write }
}

/** What the kubelet does: a new directory, then `..data` is made to point at it in one step. */
const swap = (directory: string, version: string, text: string): void => {
  const old = mkdtempSync(path.join(directory, `${version}_`))
  writeFileSync(path.join(old, 'route.yaml'), text)
  symlinkSync(path.basename(old), path.join(directory, '..data_tmp'))
  renameSync(path.join(directory, '..data_tmp'), path.join(directory, '..data'))
}
