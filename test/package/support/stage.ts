import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../../..')

export interface Packed {
  /** Paths in the package, as npm lists them. */
  readonly files: readonly string[]
  /** The package as npm would install it, with no node_modules anywhere above. */
  readonly directory: string
  /** An empty directory to work in. */
  readonly workspace: string
  remove(): void
}

/** Builds and packs a copy of this checkout, so that its own dist/ may be in use meanwhile. */
export const pack = (): Packed => {
  const temporary = mkdtempSync(path.join(tmpdir(), 'fanout-package-'))
  const copy = path.join(temporary, 'checkout')
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const entries = listed.split('\n').filter(entry => entry !== '' && existsSync(path.join(root, entry)))
  for (const entry of entries) cpSync(path.join(root, entry), path.join(copy, entry))
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
  const env = { ...process.env, FANOUT_REVISION: 'abc123' }
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: copy, env })
  const npm = ['pack', '--ignore-scripts', '--json', '--offline', '--pack-destination', temporary]
  const [packed] = JSON.parse(execFileSync('npm', npm, { cwd: copy, encoding: 'utf8', env, stdio: 'pipe' }))
  execFileSync('tar', ['-xzf', path.join(temporary, packed.filename), '-C', temporary])
  const files = (packed.files as { path: string }[]).map(file => file.path)
  return {
    files,
    directory: path.join(temporary, 'package'),
    workspace: mkdtempSync(path.join(temporary, 'workspace-')),
    remove: () => rmSync(temporary, { recursive: true, force: true }),
  }
}
