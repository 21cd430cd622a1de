import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { renderFaultsPage } from '../test/faults/page.ts'

/*
 * `npm run faults`: the fault matrix as a table. It runs test/faults once and prints what its cells saw: one line
 * for each fault, one column for each shape of route, the caller's status and the token of metric, log and span.
 */

const usage = `usage: node scripts/faults.ts [--page]
  --page   writes docs/faults.md from the rows and runs nothing`

interface Result {
  readonly ancestorTitles: readonly [row: string]
  readonly title: string
  readonly status: 'passed' | 'failed' | 'pending' | 'skipped' | 'todo'
  readonly failureMessages: readonly string[]
  readonly meta: {
    readonly seen?: { readonly caller: string; readonly token: string; readonly attempts: number }
  }
}

interface Report {
  readonly testResults: readonly { readonly message: string; readonly assertionResults: readonly Result[] }[]
}

const root = join(import.meta.dirname, '..')
const reportFile = join(root, '.cache', 'faults.json')

const runSuite = (): Report => {
  mkdirSync(dirname(reportFile), { recursive: true })
  rmSync(reportFile, { force: true })
  const { stdout, stderr } = spawnSync(
    join(root, 'node_modules/.bin/vitest'),
    ['run', 'test/faults/faults.test.ts', '--reporter=json', `--outputFile=${reportFile}`],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')) as Report
  } catch {
    throw new Error(`vitest left no report:\n${stdout}${stderr}`)
  }
}

const cellText = ({ status, meta }: Result): string => {
  const mark = status === 'passed' ? 'ok' : status === 'failed' ? 'FAILED' : status
  const { caller = '', token = '', attempts = 1 } = meta.seen ?? {}
  return [mark, caller, token, attempts > 1 ? `x${attempts}` : ''].filter(part => part !== '').join(' ')
}

const print = (results: readonly Result[]): void => {
  const columns = [...new Set(results.map(({ title }) => title))]
  const rows = Map.groupBy(results, ({ ancestorTitles }) => ancestorTitles[0])
  const table = [
    ['fault', ...columns],
    ...[...rows].map(([row, cells]) => [
      row,
      ...columns.map(column => {
        const cell = cells.find(({ title }) => title === column)
        return cell ? cellText(cell) : ''
      }),
    ]),
  ]
  const widths = table[0]!.map((_, i) => Math.max(...table.map(line => line[i]!.length)))
  for (const line of table)
    console.log(
      line
        .map((text, i) => text.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
}

const printFailures = (failed: readonly Result[]): void => {
  for (const { ancestorTitles, title, failureMessages } of failed)
    console.log(`\n${ancestorTitles[0]}, ${title}:\n  ${firstLine(failureMessages[0] ?? '')}`)
}

const firstLine = (message: string): string => stripVTControlCharacters(message).split('\n')[0]!.slice(0, 400)

const { values } = parseArgs({ options: { page: { type: 'boolean' }, help: { type: 'boolean' } } })
if (values.help) console.log(usage)
else if (values.page) writeFileSync(join(root, 'docs/faults.md'), renderFaultsPage())
else {
  const { testResults } = runSuite()
  const results = testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = results.filter(({ status }) => status === 'failed')
  const passed = results.filter(({ status }) => status === 'passed')
  // A file that could not be loaded has a message and no results.
  const broken = testResults.filter(({ assertionResults }) => assertionResults.length === 0)
  if (results.length > 0) print(results)
  printFailures(failed)
  for (const { message } of broken) console.log(message)
  const failures = failed.length + broken.length
  const skipped = results.length - failed.length - passed.length
  console.log(`\n${passed.length} passed, ${failures} failed, ${skipped} skipped`)
  process.exitCode = failures === 0 ? 0 : 1
}
