/** What a process with watches is told when it starts, as JSON in its first argument. */
export interface WatchJob {
  readonly server: string
  /** One for each reflector: each is a relay of its own, with its own token and its own connection. */
  readonly tokenDirs: readonly string[]
  /** The reflector's default when not given. */
  readonly watchSeconds?: readonly [min: number, max: number]
  /** The lists are spread over this time, as relays that restart together do. */
  readonly spreadMs: number
}

/** What it says of itself; times are milliseconds since the Unix epoch. */
export type WatchReport =
  /** Everything is loaded; nothing was sent yet. */
  | { readonly type: 'loaded' }
  /** All reflectors have their first list and an open watch. */
  | { readonly type: 'watching'; readonly listedMs: readonly number[]; readonly at: number }
  /** All reflectors were told of a change, for the `changes`th time since they watch. */
  | { readonly type: 'seen'; readonly changes: number; readonly firstAt: number; readonly at: number }
  | {
      readonly type: 'figures'
      readonly lists: number
      readonly failedLists: Readonly<Record<string, number>>
      readonly renewals: number
    }
