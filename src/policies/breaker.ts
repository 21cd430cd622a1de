import type { BreakerState } from '../core/observer.ts'
import { BreakerWindow } from './breaker-window.ts'

export interface BreakerSettings {
  /** So many failures in a row open it; 0 = that rule is off. */
  readonly consecutiveFailures: number
  /** This share of failures among at least `minimumRequests` of a window opens it; 0 = that rule is off. */
  readonly failurePercent: number
  readonly minimumRequests: number
  readonly windowMs: number
  readonly openMs: number
  /** At least 1. */
  readonly halfOpenRequests: number
}

export interface BreakerParts {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Called with every new state, not with the first. */
  readonly onState: (state: BreakerState) => void
}

/** What `admit` hands out and the result is reported with; 0 = refused. */
export type Ticket = number

/**
 * Stops sending to an upstream that keeps failing, and probes it after a while.
 *
 * A ticket is the number of the period between two transitions in which it was issued, so a result that comes
 * in later is known as such and ignored: answers from before the circuit opened neither close nor re-open it.
 */
export class Breaker {
  readonly #settings: BreakerSettings
  readonly #parts: BreakerParts
  readonly #window: BreakerWindow | undefined
  #state: BreakerState = 'closed'
  #period: Ticket = 1
  #failuresInRow = 0
  #openUntil = 0
  /** Probes that may still be sent. A success keeps its place, so that no more are sent than needed. */
  #probesLeft = 0
  #probesSucceeded = 0
  #probedAt = 0
  #retired = false

  constructor(settings: BreakerSettings, parts: BreakerParts) {
    this.#settings = settings
    this.#parts = parts
    this.#window = settings.failurePercent > 0 ? new BreakerWindow(settings.windowMs) : undefined
  }

  /** An open circuit becomes half open when its time is over and somebody asks. */
  get state(): BreakerState {
    if (this.#state === 'open' && this.#parts.now() >= this.#openUntil) {
      this.#probeAnew()
      this.#enter('half_open')
    }
    return this.#state
  }

  /** Whether `admit` would refuse now. Takes nothing. */
  refuses(): boolean {
    if (this.#state === 'closed') return false
    return this.state === 'open' || (this.#probesLeft === 0 && !this.#probesAreLost())
  }

  /** To be called at the moment of sending; each ticket but 0 is to be reported back exactly once. */
  admit(): Ticket {
    if (this.#state === 'closed') return this.#period
    if (this.refuses()) return 0
    if (this.#probesLeft === 0) this.#probeAnew()
    this.#probesLeft--
    this.#probedAt = this.#parts.now()
    return this.#period
  }

  /** A probe without any timeout may never end; after as long as the circuit stays open another is sent. */
  #probesAreLost(): boolean {
    return this.#parts.now() - this.#probedAt >= this.#settings.openMs
  }

  #probeAnew(): void {
    this.#probesLeft = this.#settings.halfOpenRequests
    this.#probesSucceeded = 0
    this.#period++
  }

  /** Probes decide at the head of their answer: whoever waits for the circuit waits for no body. */
  isProbe(ticket: Ticket): boolean {
    return ticket === this.#period && this.#state === 'half_open'
  }

  succeeded(ticket: Ticket): void {
    if (ticket !== this.#period) return
    if (this.#state === 'half_open') {
      if (++this.#probesSucceeded === this.#settings.halfOpenRequests) this.#close()
      return
    }
    this.#failuresInRow = 0
    this.#window?.succeeded(this.#parts.now())
  }

  /** The rules are looked at with every failure: a success opens no circuit. */
  failed(ticket: Ticket): void {
    if (ticket !== this.#period) return
    if (this.#state === 'half_open') return this.#open()
    this.#failuresInRow++
    this.#window?.failed(this.#parts.now())
    if (this.#hasFailedEnough()) this.#open()
  }

  /** The request ended without telling anything about the upstream. */
  cancelled(ticket: Ticket): void {
    if (this.isProbe(ticket)) this.#probesLeft++
  }

  /** Until probes are let through; 0 = it is not open, or probes are out and nobody knows. */
  retryAfterMs(): number {
    return this.#state === 'open' ? Math.max(0, this.#openUntil - this.#parts.now()) : 0
  }

  /** Its place has been taken by another: from now on it tells nobody of its state. */
  retire(): void {
    this.#retired = true
  }

  #close(): void {
    this.#failuresInRow = 0
    this.#window?.clear()
    this.#enter('closed')
  }

  #hasFailedEnough(): boolean {
    const { consecutiveFailures, failurePercent, minimumRequests } = this.#settings
    if (consecutiveFailures > 0 && this.#failuresInRow >= consecutiveFailures) return true
    const window = this.#window
    if (!window || window.requests < minimumRequests) return false
    return window.failures * 100 >= window.requests * failurePercent
  }

  #open(): void {
    this.#openUntil = this.#parts.now() + this.#settings.openMs
    this.#enter('open')
  }

  #enter(state: BreakerState): void {
    const changed = state !== this.#state
    this.#state = state
    this.#period++
    if (changed && !this.#retired) this.#parts.onState(state)
  }
}
