import { type Bench, candidateNamed } from '../bench.ts'
import type { Candidate, Job, Running } from '../launch/candidate.ts'

/** A candidate in one situation. */
export interface Variant<S extends string> {
  readonly candidate: Candidate
  readonly situation: S
}

/** Values by candidate and situation; the index is the round. */
export class Measured<S extends string, V> {
  readonly #values = new Map<string, (V | undefined)[]>()

  rounds(candidate: string, situation: S): readonly (V | undefined)[] {
    return this.#values.get(`${candidate}, ${situation}`) ?? []
  }

  set(round: number, { candidate, situation }: Variant<S>, value: V): void {
    const key = `${candidate.name}, ${situation}`
    const values = this.#values.get(key) ?? []
    values[round] = value
    this.#values.set(key, values)
  }

  toJSON(): object {
    return Object.fromEntries(this.#values)
  }
}

/** Every named candidate in every situation, in an order drawn anew each round; one alone is up at a time. */
export async function eachVariant<S extends string, V>(
  bench: Bench,
  names: readonly string[],
  situations: readonly S[],
  measure: (variant: Variant<S>) => Promise<V>,
): Promise<Measured<S, V>> {
  // A quick run proves that scenarios run; two candidates are enough for that.
  const taking = bench.settings.quick ? names.slice(0, 2) : names
  const candidates = taking
    .map(name => candidateNamed(bench, name))
    .filter(candidate => candidate !== undefined)
  const variants = candidates.flatMap(candidate => situations.map(situation => ({ candidate, situation })))
  const measured = new Measured<S, V>()
  for (let round = 0; round < bench.settings.rounds; round += 1) {
    for (const variant of bench.random.shuffle(variants)) {
      try {
        measured.set(round, variant, await measure(variant))
      } catch (error) {
        bench.fail(`${variant.candidate.name}, ${variant.situation}`, error)
      }
    }
  }
  return measured
}

/** Starts a candidate, and ends it whatever `measure` does. */
export async function running<V>(
  bench: Bench,
  candidate: Candidate,
  job: Job,
  measure: (candidate: Running) => Promise<V>,
): Promise<V> {
  const started = await candidate.start(job, bench)
  try {
    return await measure(started)
  } finally {
    await started.stop()
  }
}
