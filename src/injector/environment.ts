import type { AnnotationKey, RelaySettings } from './annotations.ts'
import type { EnvVar } from './pod.ts'
import { podLabelsFile, routeCacheFile, tokenDirectory } from './volumes.ts'

/** What an annotation says, by the variable that carries it; a variable without a value is left out. */
const annotated = {
  FANOUT_LISTEN: 'port',
  FANOUT_ADMIN: 'adminPort',
  FANOUT_TELEMETRY: 'telemetryPort',
  FANOUT_LOG_LEVEL: 'logLevel',
  FANOUT_LOG_FORMAT: 'logFormat',
  FANOUT_ACCESS_LOG: 'accessLog',
  FANOUT_SHUTDOWN_TIMEOUT: 'shutdownTimeout',
} as const satisfies Readonly<Record<string, AnnotationKey>>

const fixed = {
  FANOUT_KUBERNETES: 'true',
  FANOUT_TOKEN_DIR: tokenDirectory,
  FANOUT_POD_LABELS: podLabelsFile,
  FANOUT_ROUTE_CACHE: routeCacheFile,
  // A sidecar is told to stop when the application has ended: nobody is left to send anything new.
  FANOUT_DRAIN_DELAY: '0s',
} as const

/** Variables that the injector sets itself; the annotation that decides one, if any does. */
export const ownVariables: ReadonlyMap<string, AnnotationKey | undefined> = new Map([
  ...Object.keys(fixed).map(name => [name, undefined] as const),
  ...Object.entries(annotated),
])

/** Environment of the relay; `more` is the operator's, which names none of `ownVariables`. */
export const environment = (settings: RelaySettings, more: readonly EnvVar[] = []): readonly EnvVar[] => [
  ...more,
  ...Object.entries(fixed).map(([name, value]) => ({ name, value })),
  ...Object.entries(annotated).flatMap(([name, key]) => {
    const value = settings[key]
    return value === undefined ? [] : [{ name, value: String(value) }]
  }),
]
