import { draw } from './draw.ts'

/** How the server that stands in for a leg behaves. Of each list the first rule that applies counts. */
export interface LegScript {
  /** None applies = `defaultDelayMs`. */
  readonly delays: readonly Rule<DelayRange>[]
  /** None applies = it answers 200. */
  readonly failures: readonly Rule<Failure>[]
}

export interface Rule<What> {
  readonly what: What
  readonly when: When
}

/** Evenly spread from `fromMs` to `toMs`, which may be the same. */
export interface DelayRange {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * `status`: that answer. `reset`: the connection is cut in place of an answer. `hang`: no answer ever.
 * `refused`: nobody listens, which goes for every request.
 */
export type Failure =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'reset' | 'hang' | 'refused' }

export type When =
  | { readonly kind: 'always' }
  | { readonly kind: 'share'; readonly percent: number }
  /** The first so many requests that reach the leg, retries and hedges included. */
  | { readonly kind: 'first'; readonly count: number }
  /** Since the simulation began; `toMs` is no longer part of it. */
  | { readonly kind: 'between'; readonly fromMs: number; readonly toMs: number }

export const always: When = { kind: 'always' }

export const defaultDelayMs = 20

/** A request as it reaches a scripted leg. */
export interface Arrival {
  /** Names the request, the leg and the try: what is drawn depends on nothing else, so not on who came first. */
  readonly name: string
  /** Requests that came to this leg before. */
  readonly earlier: number
  /** Since the simulation began. */
  readonly atMs: number
}

export interface Behaviour {
  readonly delayMs: number
  /** `undefined` = answers 200. */
  readonly failure: Failure | undefined
}

/** What a leg does with one request; the same seed and name draw the same. */
export const behaviourOf = (script: LegScript, seed: number, arrival: Arrival): Behaviour => {
  const drawn = (what: string): number => draw(`${seed}/${arrival.name}/${what}`)
  const first = <What>(rules: readonly Rule<What>[], list: string): What | undefined =>
    rules.find(({ when }, index) => applies(when, arrival, () => drawn(`${list}/${index}`)))?.what
  const { fromMs, toMs } = first(script.delays, 'delay') ?? { fromMs: defaultDelayMs, toMs: defaultDelayMs }
  return {
    delayMs: fromMs + (toMs - fromMs) * drawn('length'),
    failure: first(script.failures, 'fail'),
  }
}

const applies = (when: When, { earlier, atMs }: Arrival, drawn: () => number): boolean => {
  switch (when.kind) {
    case 'always':
      return true
    case 'share':
      return drawn() * 100 < when.percent
    case 'first':
      return earlier < when.count
    case 'between':
      return atMs >= when.fromMs && atMs < when.toMs
  }
}
