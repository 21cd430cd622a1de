import type { Bench } from '../bench.ts'
import type { Section } from '../report/section.ts'
import { breaker } from './resilience-breaker.ts'
import { isolation } from './resilience-isolation.ts'
import { limit } from './resilience-limit.ts'
import { overloaded } from './resilience-overload.ts'
import { retries } from './resilience-retries.ts'
import type { Row } from './resilience-row.ts'
import { shadow } from './resilience-shadow.ts'
import type { Scenario } from './scenario.ts'

const name = 'resilience'
const title = 'Failing upstreams and too many requests: what the policies let through'
const parts = { isolation, retries, breaker, limit, overloaded, shadow }

/** What the relay's policies promise, measured on the relay alone: no peer has the same ones to compare. */
export const resilience: Scenario = { name, title, run }

async function run(bench: Bench): Promise<Section> {
  const rows: Row[] = []
  for (const [part, measure] of Object.entries(parts)) {
    bench.say(`  ${part}`)
    try {
      rows.push(...(await measure(bench)))
    } catch (error) {
      bench.fail(`resilience, ${part}`, error)
    }
  }
  return {
    name,
    title,
    columns: ['what', 'situation', 'measured'],
    rows: rows.map(({ what, situation, measured }) => [what, situation, measured]),
    data: rows,
    figures: rows.flatMap(({ figure }) => figure ?? []),
  }
}
