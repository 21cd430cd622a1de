import type { HeaderList } from '../../core/call.ts'
import type { RouteObserver } from '../../core/observer.ts'
import { Timed, type Timers } from '../../core/timer-list.ts'

/** An answer as it was sent: whole, and nothing of it is shared with the exchange that made it. */
export interface RememberedAnswer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: Buffer
}

export interface RememberedAnswersOptions {
  readonly timers: Timers
  readonly maxEntries?: number
  readonly maxBytes?: number
}

/** What a key means for a request that brings it. */
export type Begun =
  | { readonly kind: 'new'; readonly entry: Entry }
  | { readonly kind: 'replay'; readonly answer: RememberedAnswer }
  | { readonly kind: 'in_flight' | 'mismatch' }

type Results = Pick<RouteObserver, 'idempotency'>

/** Objects, table slots and the heads of strings that an answer takes beside its text and bytes. */
const entryBytes = 1_024

/**
 * Answers by idempotency key, for all routes of a process; a key means nothing outside of its route. An answer
 * is forgotten when its time is over, or, oldest first, when there is no room for a newer one. Requests in
 * flight are never forgotten and count for neither bound: `--max-in-flight` bounds them.
 */
export class RememberedAnswers {
  readonly #timers: Timers
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #entries = new Map<string, Entry>()
  /** Those with an answer, the oldest first. */
  readonly #answered = new Set<Entry>()
  #bytes = 0

  constructor({ timers, maxEntries = 10_000, maxBytes = 64 * 1024 * 1024 }: RememberedAnswersOptions) {
    this.#timers = timers
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  /** Answers remembered, and roughly the bytes they take. */
  get figures(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#answered.size, bytes: this.#bytes }
  }

  /**
   * Looks a key up and, where it is new, holds it until its entry is finished or abandoned. Every result is
   * told to `observer`, those of the entry included. An answer is remembered for `ttlMs` from its end.
   */
  begin(route: string, key: string, fingerprint: string, ttlMs: number, observer: Results): Begun {
    // Ids of routes hold no line break.
    const id = `${route}\n${key}`
    const known = this.#entries.get(id)
    if (known && !this.#isOver(known)) {
      const begun = known.meet(fingerprint)
      observer.idempotency(begun.kind === 'replay' ? 'replayed' : begun.kind)
      return begun
    }
    if (known) this.#forget(known)
    const entry = new Entry(this.#ends, { id, fingerprint, ttlMs, observer })
    this.#entries.set(id, entry)
    return { kind: 'new', entry }
  }

  /** Its timer may be late. */
  #isOver(entry: Entry): boolean {
    return entry.answer !== undefined && entry.expiresAt <= this.#timers.clock.now()
  }

  /** What entries call when something ends. */
  readonly #ends: EntryEnds = {
    finished: (entry, answer) => this.#remember(entry, answer),
    abandoned: entry => this.#giveUp(entry),
    expired: entry => this.#forget(entry),
  }

  #remember(entry: Entry, answer: RememberedAnswer): void {
    const list = this.#timers.forDuration(entry.ttlMs)
    entry.bytes = sizeOf(entry, answer)
    // One that has no room by itself must not cost the others theirs.
    if (!list || entry.bytes > this.#maxBytes) return this.#giveUp(entry)
    entry.answer = answer
    this.#answered.add(entry)
    this.#bytes += entry.bytes
    list.start(entry, this.#timers.clock.now())
    entry.observer.idempotency('stored')
    this.#evict()
  }

  #giveUp(entry: Entry): void {
    this.#entries.delete(entry.id)
    entry.observer.idempotency('unstored')
  }

  #forget(entry: Entry): void {
    entry.timerList?.stop(entry)
    this.#entries.delete(entry.id)
    this.#answered.delete(entry)
    this.#bytes -= entry.bytes
  }

  #evict(): void {
    for (const oldest of this.#answered) {
      if (this.#answered.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return
      this.#forget(oldest)
      oldest.observer.idempotency('evicted')
    }
  }
}

interface EntryEnds {
  finished(entry: Entry, answer: RememberedAnswer): void
  abandoned(entry: Entry): void
  expired(entry: Entry): void
}

type EntryFields = Pick<Entry, 'id' | 'fingerprint' | 'ttlMs' | 'observer'>

/** A key in use: held by a request in flight, then with the answer. */
export class Entry extends Timed {
  readonly id: string
  readonly fingerprint: string
  readonly ttlMs: number
  readonly observer: Results
  answer: RememberedAnswer | undefined
  bytes = 0
  readonly #ends: EntryEnds
  #held = true

  constructor(ends: EntryEnds, { id, fingerprint, ttlMs, observer }: EntryFields) {
    super()
    this.#ends = ends
    this.id = id
    this.fingerprint = fingerprint
    this.ttlMs = ttlMs
    this.observer = observer
  }

  /** What another request with this key is told. Waiting never mends a mismatch, so that comes first. */
  meet(fingerprint: string): Exclude<Begun, { readonly kind: 'new' }> {
    if (fingerprint !== this.fingerprint) return { kind: 'mismatch' }
    return this.answer ? { kind: 'replay', answer: this.answer } : { kind: 'in_flight' }
  }

  /** Remembers the answer. Does nothing once the entry was finished or abandoned. */
  finish(answer: RememberedAnswer): void {
    if (!this.#held) return
    this.#held = false
    this.#ends.finished(this, answer)
  }

  /** Gives the key free: there is no answer worth repeating. Does nothing once it was finished or abandoned. */
  abandon(): void {
    if (!this.#held) return
    this.#held = false
    this.#ends.abandoned(this)
  }

  override onTimeout(): void {
    this.#ends.expired(this)
  }
}

const sizeOf = ({ id }: Entry, { headers, body }: RememberedAnswer): number => {
  let bytes = entryBytes + id.length + body.length
  for (const text of headers) bytes += text.length
  return bytes
}
