/** What there is to finish. */
export interface UnderWay {
  /** Requests from their beginning to the end of their last leg, copies included. */
  readonly exchanges: number
  /** Requests that have not been answered to the end. */
  readonly callers: number
  /** Legs of routes, but for copies: those that go on without their caller keep a fan-out from staying half applied. */
  readonly awaited: number
  readonly copies: number
}
