import type { Section } from '../report/section.ts'
import type { ClusterBench } from './bench.ts'

/** One part of the report, named for `--only`. */
export interface Measurement {
  readonly name: string
  run(bench: ClusterBench): Promise<Section>
}
