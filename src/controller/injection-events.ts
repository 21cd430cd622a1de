import { eventReasons } from '../api/labels.ts'
import type { Events } from './events.ts'
import { type Regarding, regardingOwner } from './regarding.ts'
import type { PodObject } from './resources.ts'

/** A pod that should have a relay and has none. */
export interface UninjectedPod {
  /** Its name. */
  readonly pod: string
  /** Of a short fixed list. */
  readonly reason: string
  /** What happened, on one line. */
  readonly message: string
  /** How to mend it, on one line. */
  readonly fix: string
}

/** Events of one namespace in one round; the others have their turn in the next. */
const maxPerRound = 10

/**
 * Tells once about whatever made pods without the relay they should have. Again only when it has been well in between,
 * or for another reason; a new leader knows of nothing that was told.
 */
export class InjectionEvents {
  readonly #events: Pick<Events, 'tell'>
  /** By namespace, what is so and has been told. */
  readonly #told = new Map<string, ReadonlySet<string>>()

  constructor(events: Pick<Events, 'tell'>) {
    this.#events = events
  }

  look(
    namespace: string,
    uninjected: readonly UninjectedPod[],
    podOf: (name: string) => PodObject | undefined,
  ): void {
    const before = this.#told.get(namespace)
    const told = new Set<string>()
    let left = maxPerRound
    for (const one of uninjected) {
      const pod = podOf(one.pod)
      if (!pod) continue
      const owner = regardingOwner(pod)
      const key = `${owner.uid ?? `${owner.kind}/${owner.name}`} ${one.reason}`
      if (told.has(key)) continue
      if (before?.has(key)) told.add(key)
      else if (left > 0) {
        left -= 1
        if (this.#tell(owner, one)) told.add(key)
      }
    }
    if (told.size > 0) this.#told.set(namespace, told)
    else this.#told.delete(namespace)
  }

  forget(namespace: string): void {
    this.#told.delete(namespace)
  }

  #tell(owner: Regarding, { message, fix }: UninjectedPod): boolean {
    return this.#events.tell(owner, {
      type: 'Warning',
      reason: eventReasons.injectionSkipped,
      note: `No relay was injected: ${message}. Fix: ${fix}`,
    })
  }
}
