import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Bench } from './bench.ts'
import { allCandidates } from './launch/all.ts'
import type { Candidate } from './launch/candidate.ts'
import { startLoad } from './load/load.ts'
import { measureCases } from './measure/measure-cases.ts'
import { provenCandidates } from './measure/proof.ts'
import { help, type Options, readOptions } from './options.ts'
import { killEverything } from './process/child.ts'
import { chooseCores, pinThisProcess } from './process/cores.ts'
import { makeWorkspace } from './process/workspace.ts'
import { seeded } from './random.ts'
import { environment } from './report/environment.ts'
import { print } from './report/print.ts'
import type { Section } from './report/section.ts'
import { scenarios } from './scenarios/all.ts'
import { full, quick } from './settings.ts'
import { startFast } from './upstreams/fast.ts'

const begin = performance.now()

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(help)
  else await run(options)
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}

async function run(options: Options): Promise<void> {
  const cores = chooseCores()
  pinThisProcess(cores)
  const workspace = makeWorkspace()
  leaveNothingBehind(workspace.remove)

  const chosen = choose(allCandidates(), options.only)
  for (const { name, missing } of chosen) if (missing) say(`MISSING: ${name}: ${missing}`)
  const settings = options.quick ? quick : full
  const failures: string[] = []
  const bench: Bench = {
    settings: { ...settings, rounds: options.rounds ?? settings.rounds },
    cores,
    workspace,
    load: startLoad(cores),
    fast: await startFast(cores, workspace),
    candidates: chosen.filter(candidate => !candidate.missing),
    random: seeded(options.seed),
    say,
    fail(what, error) {
      failures.push(`${what}: ${error instanceof Error ? error.message : error}`)
      say(`FAILED: ${failures.at(-1)}`)
    },
  }

  const proven = { ...bench, candidates: await provenCandidates(bench) }
  const sections: Section[] = await measureCases(proven, chosen, options.cases)
  for (const scenario of scenarios.filter(({ name }) => options.scenarios.includes(name))) {
    say(`scenario ${scenario.name}`)
    sections.push(await scenario.run(proven))
  }
  await Promise.all([bench.load.stop(), bench.fast.stop()])

  const facts = {
    ...environment(chosen, cores, bench.fast.software),
    seed: options.seed,
    rounds: bench.settings.rounds,
  }
  process.stdout.write(print(facts, sections, failures))
  const report = {
    at: new Date().toISOString(),
    environment: facts,
    settings: bench.settings,
    sections,
    failures,
  }
  mkdirSync(dirname(options.json), { recursive: true })
  writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  say(`written to ${options.json}`)
  if (failures.length > 0) process.exitCode = 1
}

function choose(candidates: readonly Candidate[], only: readonly string[] | undefined): readonly Candidate[] {
  if (!only) return candidates
  const plain = (name: string) => name.replaceAll(' ', '-')
  const strange = only.find(name => !candidates.some(candidate => plain(candidate.name) === plain(name)))
  if (strange)
    throw new Error(
      `--only: no "${strange}"; there are ${candidates.map(({ name }) => plain(name)).join(', ')}`,
    )
  return candidates.filter(candidate => only.some(name => plain(name) === plain(candidate.name)))
}

/** On whatever way the run ends, its processes and files go with it. */
function leaveNothingBehind(removeFiles: () => void): void {
  process.on('exit', () => {
    killEverything()
    removeFiles()
  })
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(code))
  }
}

function say(words: string): void {
  console.error(`[${((performance.now() - begin) / 1000).toFixed(0).padStart(4)} s] ${words}`)
}
