/** The world a verb runs in; tests bring their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly machine: Machine
  stdout(text: string): void
  stderr(text: string): void
  /** Everything on standard input, up to `maxBytes` and one byte more. */
  stdin(maxBytes: number): Promise<Buffer>
}

/** What defaults depend on. */
export interface Machine {
  /** True when output goes to a terminal: a person is there. */
  readonly terminal: boolean
  /** True when that person can see colours and has not asked for none (`NO_COLOR`). */
  readonly colour: boolean
  /** Addresses of the loopback interface to listen on: `127.0.0.1`, and `::1` where there is IPv6. */
  readonly loopback: readonly string[]
  /** The address that stands for all: `::`, which takes IPv4 as well, or `0.0.0.0` without IPv6. */
  readonly any: string
  /** Bytes that the container may use; 0 = no limit. */
  readonly memoryLimit: number
}
