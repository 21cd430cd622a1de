import type { CancelTimer, Clock } from '../core/clock.ts'
import type { AskRelay } from './ask-relay.ts'
import type { AskedRelay, Relay, RelayAnswer } from './relays.ts'

export interface PollerOptions {
  readonly clock: Clock
  readonly ask: AskRelay
  /** A relay of this namespace says something else than before. */
  readonly onChange: (namespace: string) => void
  /** Relays asked at once. Default 32. */
  readonly concurrency?: number
  /** Between two questions to a relay, give or take a fifth. Default 15 s. */
  readonly intervalMs?: number
  /** Of the first question after a change; doubles up to the interval. Default 250 ms. */
  readonly hurryMs?: number
  /** In [0, 1); default Math.random. */
  readonly random?: () => number
}

interface Target {
  relay: Relay
  answer: RelayAnswer
  /** In a row; one alone may be a lost packet. */
  failures: number
  delayMs: number
  cancel: CancelTimer
  state: 'waiting' | 'queued' | 'asking'
}

/** Failures in a row after which a relay counts as unreachable. */
const tolerated = 2

/** Asks relays in turn which generations they serve, often while something is to change and seldom otherwise. */
export class RelayPoller {
  readonly #options: Required<PollerOptions>
  readonly #targets = new Map<string, Target>()
  readonly #queue: Target[] = []
  #asking = 0

  constructor(options: PollerOptions) {
    this.#options = {
      concurrency: 32,
      intervalMs: 15_000,
      hurryMs: 250,
      random: Math.random,
      ...options,
    }
  }

  /** A relay that is new, or other than before. */
  set(relay: Relay): void {
    const known = this.#targets.get(relay.uid)
    if (known && known.relay.ip === relay.ip && known.relay.port === relay.port) {
      known.relay = relay
      return
    }
    this.delete(relay.uid)
    const target: Target = {
      relay,
      answer: { kind: 'pending' },
      failures: 0,
      delayMs: this.#options.hurryMs,
      cancel: () => {},
      state: 'waiting',
    }
    this.#targets.set(relay.uid, target)
    this.#enqueue(target)
  }

  delete(uid: string): void {
    const target = this.#targets.get(uid)
    if (!target) return
    target.cancel()
    this.#targets.delete(uid)
  }

  /** What a relay said last; `undefined` = it is not asked. */
  asked(uid: string): AskedRelay | undefined {
    const target = this.#targets.get(uid)
    return target && { ...target.relay, answer: target.answer }
  }

  /** Routes of the namespace changed, so its relays soon serve others. */
  hurry(namespace: string): void {
    for (const target of this.#targets.values()) {
      if (target.relay.namespace !== namespace) continue
      target.delayMs = this.#options.hurryMs
      if (target.state === 'waiting') this.#wait(target)
    }
  }

  stop(): void {
    for (const uid of [...this.#targets.keys()]) this.delete(uid)
    this.#queue.length = 0
  }

  #wait(target: Target): void {
    target.cancel()
    target.state = 'waiting'
    const jitter = 0.8 + this.#options.random() * 0.4
    target.cancel = this.#options.clock.after(target.delayMs * jitter, () => this.#enqueue(target))
    target.delayMs = Math.min(target.delayMs * 2, this.#options.intervalMs)
  }

  #enqueue(target: Target): void {
    target.state = 'queued'
    this.#queue.push(target)
    this.#next()
  }

  #next(): void {
    while (this.#asking < this.#options.concurrency) {
      const target = this.#queue.shift()
      if (!target) return
      if (!this.#isCurrent(target)) continue
      this.#asking += 1
      target.state = 'asking'
      void this.#ask(target).finally(() => {
        this.#asking -= 1
        if (this.#isCurrent(target)) this.#wait(target)
        this.#next()
      })
    }
  }

  async #ask(target: Target): Promise<void> {
    const answer = await this.#options.ask(target.relay).then(
      (generations): RelayAnswer => ({ kind: 'answered', generations }),
      (): RelayAnswer => ({ kind: 'unreachable' }),
    )
    if (!this.#isCurrent(target)) return
    target.failures = answer.kind === 'unreachable' ? target.failures + 1 : 0
    if (answer.kind === 'unreachable' && target.failures < tolerated) return
    const changed = !sameAnswer(target.answer, answer)
    target.answer = answer
    if (changed) this.#options.onChange(target.relay.namespace)
  }

  #isCurrent(target: Target): boolean {
    return this.#targets.get(target.relay.uid) === target
  }
}

const sameAnswer = (a: RelayAnswer, b: RelayAnswer): boolean => {
  if (a.kind !== 'answered' || b.kind !== 'answered') return a.kind === b.kind
  if (a.generations.size !== b.generations.size) return false
  for (const [id, generation] of a.generations) if (b.generations.get(id) !== generation) return false
  return true
}
