import type { Clock } from '../core/clock.ts'
import type { Memory } from '../relay/budget.ts'

/** `tight`: no new bodies. `exhausted`: no new requests. */
export type MemoryLevel = 'free' | 'tight' | 'exhausted'

export interface MemoryGuardOptions {
  /** What the process may use, in bytes; 0 = no limit, and the level stays `free`. */
  readonly limitBytes: number
  readonly clock: Clock
  /** Resident bytes of the process. */
  readonly rss?: () => number
  /** Gives back what is no longer used. */
  readonly collect?: () => void
  /** Called when the level changes. */
  readonly onChange?: (level: MemoryLevel, rssBytes: number) => void
}

/** An upload can fill a small limit within a tenth of a second, so near the limit the look is closer. */
const sampleEveryMs = { far: 100, near: 10 } as const
const near = 0.6
/** A level falls only after this long below its edge; this bounds the log as well. */
const calmMs = 1_000
/** Between two collections, which stop everything for as long as they last. */
const collectEveryMs = 1_000

/** Parts of the limit at which a level begins, and below which it ends: on the edge, it would flap. */
const tight = { from: 0.85, to: 0.8 } as const
const exhausted = { from: 0.95, to: 0.9 } as const

/**
 * Keeps the process below the limit at which the kernel kills it. Requests are what makes memory grow, so
 * it is looked at when one comes; and, as long as it is scarce, also without one.
 */
export class MemoryGuard implements Memory {
  readonly #limit: number
  readonly #clock: Clock
  readonly #rss: () => number
  readonly #collect: () => void
  readonly #onChange: (level: MemoryLevel, rssBytes: number) => void
  #level: MemoryLevel = 'free'
  #sampleAt = Number.NEGATIVE_INFINITY
  #highAt = 0
  #collectedAt = Number.NEGATIVE_INFINITY

  constructor({
    limitBytes,
    clock,
    rss = process.memoryUsage.rss,
    collect = () => {},
    onChange = () => {},
  }: MemoryGuardOptions) {
    this.#limit = limitBytes
    this.#clock = clock
    this.#rss = rss
    this.#collect = collect
    this.#onChange = onChange
  }

  get level(): MemoryLevel {
    if (this.#limit > 0 && this.#clock.now() >= this.#sampleAt) this.#sample()
    return this.#level
  }

  get takesBodies(): boolean {
    return this.level === 'free'
  }

  get takesRequests(): boolean {
    return this.level !== 'exhausted'
  }

  #sample(): void {
    const now = this.#clock.now()
    const rss = this.#rss()
    const used = rss / this.#limit
    const everyMs = used < near ? sampleEveryMs.far : sampleEveryMs.near
    this.#sampleAt = now + everyMs
    this.#step(used, rss, now)
    if (this.#level === 'free') return
    // Where nothing new is taken, nothing would make V8 collect what the last requests left behind.
    if (now - this.#collectedAt >= collectEveryMs) {
      this.#collectedAt = now
      this.#collect()
    }
    this.#clock.after(everyMs, () => void this.level)
  }

  #step(used: number, rss: number, now: number): void {
    const before = this.#level
    const level = levelOf(used, before)
    if (rank[level] >= rank[before]) this.#highAt = now
    else if (now - this.#highAt < calmMs) return
    this.#level = level
    if (level !== before) this.#onChange(level, rss)
  }
}

const rank: Readonly<Record<MemoryLevel, number>> = { free: 0, tight: 1, exhausted: 2 }

const levelOf = (used: number, before: MemoryLevel): MemoryLevel => {
  if (used >= (before === 'exhausted' ? exhausted.to : exhausted.from)) return 'exhausted'
  return used >= (before === 'free' ? tight.from : tight.to) ? 'tight' : 'free'
}
