import type { Clock } from '../core/clock.ts'
import { ReflectorFigures } from '../kubernetes/reflector-figures.ts'

/** Where the routes in use come from: label `source` of `fanout_config_source`. */
export type ConfigSource = 'api' | 'cache' | 'files'

/** What a source of routes from the API server tells about itself. */
export class SourceFigures extends ReflectorFigures {
  #source: ConfigSource | undefined
  #clock: Clock
  #cachedAt = 0
  #cachedAgeSeconds = 0

  constructor(clock: Clock) {
    super(clock)
    this.#clock = clock
  }

  /** `undefined` = there are no routes yet. */
  get source(): ConfigSource | undefined {
    return this.#source
  }

  /** Age of the routes in use, as far as the API server has confirmed them: `fanout_config_stale_seconds`. */
  override get staleSeconds(): number {
    if (this.#source !== 'cache') return super.staleSeconds
    return this.#cachedAgeSeconds + (this.#clock.now() - this.#cachedAt) / 1000
  }

  /** `ageSeconds` is that of a cache. */
  servedFrom(source: ConfigSource, ageSeconds = 0): void {
    this.#source = source
    this.#cachedAt = this.#clock.now()
    this.#cachedAgeSeconds = ageSeconds
  }
}
