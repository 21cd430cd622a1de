import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { caseNames, quickCaseNames } from './measure/cases.ts'
import { scenarios } from './scenarios/all.ts'

export interface Options {
  readonly rounds: number | undefined
  readonly quick: boolean
  readonly seed: number
  readonly json: string
  /** Candidates to take part; undefined for all. */
  readonly only: readonly string[] | undefined
  readonly cases: readonly string[]
  readonly scenarios: readonly string[]
  readonly help: boolean
}

export const help = `Usage: npm run bench -- [options]

FanOut Relay and its peers side by side in one run, on loopback. \`node bench/setup.ts\` installs the peers.

  --rounds N           rounds of every measurement (default 5)
  --quick              one round of small counts, a minute or two: shows that it runs, measures little
  --only A,B           these candidates alone, by name; the spaces of a name may be hyphens
  --cases A,B          these cases alone, no scenarios: ${caseNames.join(', ')}
  --scenario A,B       these scenarios alone, no cases: ${scenarios.map(({ name }) => name).join(', ')}
  --seed N             seed of the order in which candidates take turns (default: the time)
  --json FILE          where the data goes (default bench/results/latest.json)
  --help
`

const names = { type: 'string' } as const

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: names,
      quick: { type: 'boolean', default: false },
      only: names,
      cases: names,
      scenario: names,
      seed: names,
      json: names,
      help: { type: 'boolean', default: false },
    },
  })
  const allCases = values.quick ? quickCaseNames : caseNames
  const known = scenarios.map(({ name }) => name)
  return {
    rounds: values.rounds === undefined ? undefined : wholeNumber('--rounds', values.rounds),
    quick: values.quick,
    seed: values.seed === undefined ? Date.now() % 2 ** 31 : wholeNumber('--seed', values.seed),
    json: values.json ?? join(import.meta.dirname, 'results/latest.json'),
    only: list(values.only),
    cases: chosen('--cases', list(values.cases), caseNames) ?? (values.scenario ? [] : allCases),
    scenarios: chosen('--scenario', list(values.scenario), known) ?? (values.cases ? [] : known),
    help: values.help,
  }
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${option} wants a whole number from 1, not "${text}"`)
  return value
}

function list(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map(name => name.trim())
    .filter(Boolean)
}

function chosen(
  option: string,
  wanted: string[] | undefined,
  known: readonly string[],
): string[] | undefined {
  const strange = wanted?.find(name => !known.includes(name))
  if (strange !== undefined) throw new Error(`${option}: no "${strange}"; there are ${known.join(', ')}`)
  return wanted
}
