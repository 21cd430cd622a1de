/** Servers to relay to, by port. */
export interface Upstreams {
  readonly ports: readonly number[]
  readonly software: string
  stop(): Promise<void>
}
