import type { Bench } from '../bench.ts'
import { cell } from '../report/format.ts'
import type { Figure } from '../report/section.ts'
import { type Spread, spread } from '../report/stats.ts'

/** One line of the table, and the figure it is to reach where there is one. */
export interface Row {
  readonly what: string
  readonly situation: string
  readonly measured: string
  readonly figure?: Figure
}

/** Values of one kind by situation, one for each round. */
export class Rounds {
  readonly #values = new Map<string, number[]>()

  add(situation: string, value: number): void {
    this.#values.set(situation, [...(this.#values.get(situation) ?? []), value])
  }

  of(situation: string): Spread | undefined {
    return spread(this.#values.get(situation) ?? [])
  }

  worst(situation: string): number | undefined {
    return this.of(situation)?.max
  }

  get situations(): string[] {
    return [...this.#values.keys()]
  }

  toJSON(): object {
    return Object.fromEntries(this.#values)
  }
}

interface Wanted {
  readonly atMost?: number
  readonly unit?: Figure['unit']
  /** The worst round counts, not the median: for what must never happen. */
  readonly never?: boolean
}

/** A line for each situation of `rounds`. */
export const rowsOf = (what: string, rounds: Rounds, { atMost, unit = '', never = false }: Wanted): Row[] =>
  rounds.situations.map(situation => {
    const measured = rounds.of(situation)
    const row = { what, situation, measured: `${cell(measured)} ${unit}`.trim() }
    if (atMost === undefined) return row
    const value = never ? measured?.max : measured?.median
    return { ...row, figure: { what: `${what}, ${situation}`, value, atMost, unit } }
  })

/** Counts need fewer rounds than times do: what they depend on is not the machine. */
export const countedRounds = ({ settings }: Bench): number => Math.min(3, settings.rounds)
