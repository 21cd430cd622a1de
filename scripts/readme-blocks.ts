import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/*
 * Runs what the README tells a newcomer to do, in its order. A comment before a block says how:
 *   <!-- run: output holds "a" and "b" -->   runs it; it must exit 0 and print these
 *   <!-- run: background, until /pattern/ -->  starts it and goes on when its output matches
 *   <!-- run: last -->                         runs it after everything else has been stopped
 *   <!-- file: routes/x.yaml -->               writes the block to that file
 * A block of sh or yaml without such a comment is an error: nothing in the README goes unchecked.
 */

interface Block {
  readonly directive: string
  readonly language: string
  readonly text: string
  readonly line: number
}

const root = join(import.meta.dirname, '..')
const skipInstall = process.argv.includes('--skip-install')
const background: ChildProcess[] = []
const written: string[] = []
let passed = 0
let failed = 0

const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/(?:<!-- ([^\n]*?) -->\n)?```(\w+)\n([\s\S]*?)```/g)].map(match => ({
    directive: match[1] ?? '',
    language: match[2]!,
    text: match[3]!,
    line: markdown.slice(0, match.index).split('\n').length,
  }))

const start = (text: string): ChildProcess =>
  spawn('bash', ['-euo', 'pipefail', '-c', text], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** Resolves once `done` holds of the output so far, or the process ends. */
const follow = (child: ChildProcess, done: (output: string) => boolean, withinMs: number) =>
  new Promise<{ output: string; exitCode: number | null }>(resolve => {
    let output = ''
    const timer = setTimeout(() => resolve({ output, exitCode: child.exitCode }), withinMs)
    const finish = () => {
      clearTimeout(timer)
      resolve({ output, exitCode: child.exitCode })
    }
    const take = (chunk: Buffer) => {
      output += chunk.toString()
      if (done(output)) finish()
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.on('close', finish)
  })

/** Ends the whole process group of a block; one that does not end when asked is killed. */
const stop = async (child: ChildProcess): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 15_000)
  process.kill(-child.pid, 'SIGTERM')
  await closed
  clearTimeout(timer)
}

const report = (ok: boolean, block: Block, why = ''): void => {
  if (ok) passed++
  else failed++
  console.log(`${ok ? 'ok    ' : 'FAILED'} README.md:${block.line} ${block.text.trim().split('\n')[0]}`)
  if (!ok) console.log(why)
}

const runBlock = async (block: Block): Promise<void> => {
  const { directive, text } = block
  const file = /^file: (.+)$/.exec(directive)?.[1]
  if (file) {
    const path = join(root, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
    written.push(dirname(path))
    return report(true, block)
  }
  const until = /^run: background, until \/(.+)\/$/.exec(directive)?.[1]
  if (until) {
    const child = start(skipInstall ? text.replace('npm ci && ', '') : text)
    background.push(child)
    const pattern = new RegExp(until)
    const { output } = await follow(child, soFar => pattern.test(soFar), 300_000)
    return report(pattern.test(output), block, output)
  }
  const held = [...directive.matchAll(/"([^"]+)"/g)].map(match => match[1]!)
  const { output, exitCode } = await follow(start(text), () => false, 900_000)
  report(exitCode === 0 && held.every(part => output.includes(part)), block, output)
}

const blocks = blocksOf(await readFile(join(root, 'README.md'), 'utf8'))
const isLast = ({ directive }: Block): boolean => directive === 'run: last'
try {
  for (const block of blocks) {
    const checked = ['sh', 'yaml'].includes(block.language)
    if (checked && block.directive === '') report(false, block, 'the block says neither run: nor file:')
    else if (checked && !isLast(block)) await runBlock(block)
  }
} finally {
  await Promise.all(background.map(stop))
  for (const path of written) await rm(path, { recursive: true })
}
for (const block of blocks.filter(isLast)) await runBlock(block)
console.log(`README blocks: ${passed} passed, ${failed} failed, 0 skipped`)
if (failed > 0) process.exitCode = 1
