import type { Bench } from '../bench.ts'
import type { Section } from '../report/section.ts'

/** A measurement of its own, beside the main comparison. */
export interface Scenario {
  readonly name: string
  readonly title: string
  run(bench: Bench): Promise<Section>
}
