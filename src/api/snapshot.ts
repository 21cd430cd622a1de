import type { FieldPath, Location, Problem } from './problem.ts'

/** A key or a value in a file that YAML 1.1, which kubectl reads, takes for another than YAML 1.2 does. */
export interface OtherReading {
  /** The field as the relay reads it. */
  readonly path: FieldPath
  readonly of: 'key' | 'value'
  /** As it stands in the file: `on`, `017`. */
  readonly written: string
  readonly kubectl: boolean | number
}

/** One FanOutRoute as it was found, not yet validated. */
export interface RouteResource {
  /** `namespace/name` */
  readonly id: string
  readonly namespace: string
  readonly name: string
  /** The whole object: apiVersion, kind, metadata, spec. */
  readonly object: unknown
  /** Position of a field, or of the nearest enclosing one that exists. Absent for objects from a cluster. */
  locate?(path: FieldPath): Location
  /** Absent where there are none, and for objects from a cluster. */
  readonly otherReadings?: readonly OtherReading[]
}

/** Everything a source sees at one moment. Sources publish whole snapshots, never changes. */
export interface RouteSnapshot {
  readonly routes: readonly RouteResource[]
  /**
   * Where backendRefs lead off-cluster: keys `name`, `name:port`, `namespace/name` or `namespace/name:port`
   * (the most specific wins), values base URLs. `undefined` = in a cluster, by Service DNS name.
   */
  readonly backends: ReadonlyMap<string, string> | undefined
  /** Found while reading: files that are not YAML, duplicates, kinds that were skipped. */
  readonly problems: readonly Problem[]
  /** Ids of routes that are those of an earlier reading, because their file cannot be read any more. */
  readonly stale?: readonly string[]
}

export interface RouteSource {
  /** Publishes a snapshot at once and after every change; ends when the signal aborts. */
  run(publish: (snapshot: RouteSnapshot) => void, signal: AbortSignal): Promise<void>
}
