import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'

/*
 * What CI runs after `npm ci`. Prints everything, goes on after a failure, says at the end once more what failed,
 * and ends with one line of counts for all suites together.
 */

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** As much of vitest's JSON report as is read here. */
interface TestReport {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

const root = join(import.meta.dirname, '..')
const testReport = join(root, '.cache', 'vitest.json')
const clusterReport = join(root, '.cache', 'vitest-cluster.json')
const total: Counts = { passed: 0, failed: 0, skipped: 0 }

const add = ({ passed, failed, skipped }: Counts): void => {
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
}

const failures: string[] = []

let report = testReport

const run = (command: string, ...args: string[]): { ok: boolean; output: string } => {
  console.log(`\n$ ${[command, ...args].join(' ')}`)
  const { status, stdout } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    // Where only one stream is kept, what tests say of a failure is in it.
    stdio: ['ignore', 'pipe', process.stdout.fd],
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, CI: 'true', VITEST_JSON: report },
  })
  process.stdout.write(stdout)
  return { ok: status === 0, output: stdout }
}

/** A step that is one check, whatever it prints. */
const one = (command: string, ...args: string[]): void => {
  const { ok } = run(command, ...args)
  add({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 })
  if (!ok) failures.push([command, ...args].join(' '))
}

/** A step that ends with `N passed, N failed, N skipped`, behind its name. */
const counted = (command: string, ...args: string[]): void => {
  const { ok, output } = run(command, ...args)
  const counts = /^(?:.*: )?(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(output)
  if (counts) add({ passed: Number(counts[1]), failed: Number(counts[2]), skipped: Number(counts[3]) })
  if (!counts || (!ok && Number(counts[2]) === 0)) add({ passed: 0, failed: 1, skipped: 0 })
  if (!counts || !ok) failures.push([command, ...args].join(' '))
}

/** What vitest counted; the tests themselves ran as the README's command, or as a step of their own. */
const addTests = (file: string): void => {
  try {
    const counts: TestReport = JSON.parse(readFileSync(file, 'utf8'))
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, success } = counts
    add({ passed, failed: failed === 0 && !success ? 1 : failed, skipped })
    for (const { name, status, message, assertionResults } of counts.testResults) {
      const failed = assertionResults.filter(({ status }) => status === 'failed')
      for (const { fullName, failureMessages } of failed)
        failures.push([`${relative(root, name)}: ${fullName}`, ...failureMessages].join('\n'))
      if (status === 'failed' && failed.length === 0) failures.push(`${relative(root, name)}\n${message}`)
    }
  } catch {
    failures.push(`vitest left no report in ${file}`)
    add({ passed: 0, failed: 1, skipped: 0 })
  }
}

for (const file of [testReport, clusterReport]) rmSync(file, { force: true })
one('bash', 'scripts/install-test-tools.sh')
one('node', 'scripts/check.ts')
one('npm', 'run', 'build')
counted('node', 'scripts/readme-blocks.ts', '--skip-install')
addTests(testReport)
counted('node', 'scripts/abort-test.ts', '--count', '10000')
counted('node', 'scripts/reload-test.ts')
one('bash', 'scripts/install-cluster-tools.sh')
report = clusterReport
run('npm', 'run', 'test:cluster')
addTests(clusterReport)

for (const failure of failures) console.log(`\nfailed: ${failure.slice(0, 4_000)}`)
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1
