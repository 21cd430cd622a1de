import { defaultTelemetryPort, relayVersionAnnotation, statusAnnotation } from '../api/labels.ts'
import { logLevels } from '../core/logger.ts'
import {
  choice,
  cpuQuantity,
  duration,
  imageName,
  memoryQuantity,
  portNumber,
  type Reader,
  secretNames,
} from './annotation-values.ts'

/** One annotation of a pod: reading it, messages about it and its line in the documentation are made from this. */
export interface Annotation<T> {
  /** Without the prefix. */
  readonly name: string
  /** What kind of value it takes, for people. */
  readonly value: string
  /** As an author would write it; empty = none. */
  readonly default: string
  readonly description: string
  /** Where the value ends up in the pod. */
  readonly becomes: string
  readonly read: Reader<T>
}

const annotation = <T>(of: Annotation<T>): Annotation<T> => of

/** Everything that a pod may say about its relay. What is not here, a pod's author cannot change. */
export const annotations = {
  port: annotation({
    name: 'port',
    value: 'port, 1024 to 65535',
    default: '4780',
    description: 'Port on loopback where the application sends its requests.',
    becomes: '`FANOUT_LISTEN`, and `FANOUT_RELAY_URL` of the application',
    read: portNumber,
  }),
  adminPort: annotation({
    name: 'admin-port',
    value: 'port, 1024 to 65535',
    default: '4781',
    description: 'Port on loopback of the admin API.',
    becomes: '`FANOUT_ADMIN`',
    read: portNumber,
  }),
  telemetryPort: annotation({
    name: 'telemetry-port',
    value: 'port, 1024 to 65535',
    default: String(defaultTelemetryPort),
    description: 'Port of the pod for metrics and probes.',
    becomes: '`FANOUT_TELEMETRY`, the container port `fanout-metrics` and the probes',
    read: portNumber,
  }),
  image: annotation({
    name: 'image',
    value: "image that the operator's list of allowed images has",
    default: '',
    description: 'Another image of the relay, for example to try a release in one workload.',
    becomes: '`image`',
    read: imageName,
  }),
  imagePullPolicy: annotation({
    name: 'image-pull-policy',
    value: '`Always`, `IfNotPresent` or `Never`',
    default: '',
    description: 'When the image is pulled.',
    becomes: '`imagePullPolicy`',
    read: choice('Always', 'IfNotPresent', 'Never'),
  }),
  cpuRequest: annotation({
    name: 'cpu-request',
    value: 'CPUs, 1m to 64',
    default: '50m',
    description: 'CPU the relay is sure of.',
    becomes: '`resources.requests.cpu`',
    read: cpuQuantity,
  }),
  cpuLimit: annotation({
    name: 'cpu-limit',
    value: 'CPUs, 1m to 64',
    default: '',
    description: 'CPU the relay is held to. A limit adds latency whenever it is reached.',
    becomes: '`resources.limits.cpu`',
    read: cpuQuantity,
  }),
  memoryRequest: annotation({
    name: 'memory-request',
    value: 'bytes, 32Mi to 64Gi',
    default: '96Mi',
    description: 'Memory the relay is sure of.',
    becomes: '`resources.requests.memory`',
    read: memoryQuantity,
  }),
  memoryLimit: annotation({
    name: 'memory-limit',
    value: 'bytes, 32Mi to 64Gi',
    default: '256Mi',
    description: 'Memory the relay is held to; near it, the relay refuses requests rather than be killed.',
    becomes: '`resources.limits.memory`',
    read: memoryQuantity,
  }),
  logLevel: annotation({
    name: 'log-level',
    value: logLevels.map(level => `\`${level}\``).join(', '),
    default: '',
    description: 'Least serious line that is logged.',
    becomes: '`FANOUT_LOG_LEVEL`',
    read: choice(...logLevels),
  }),
  logFormat: annotation({
    name: 'log-format',
    value: '`json` or `pretty`',
    default: '',
    description: 'How lines are written.',
    becomes: '`FANOUT_LOG_FORMAT`',
    read: choice('json', 'pretty'),
  }),
  accessLog: annotation({
    name: 'access-log',
    value: '`off`, `errors` or `all`',
    default: '',
    description: 'Requests that get a log line; `errors` is whatever was no full success.',
    becomes: '`FANOUT_ACCESS_LOG`',
    read: choice('off', 'errors', 'all'),
  }),
  secrets: annotation({
    name: 'secrets',
    value: 'names of Secrets of the namespace, at most 16, with commas between',
    default: '',
    description: 'Secrets that routes refer to. A Secret that does not exist yet appears once it does.',
    becomes: 'a read-only volume each, at `/etc/fanout-relay/secrets/<name>` of the relay alone',
    read: secretNames,
  }),
  shutdownTimeout: annotation({
    name: 'shutdown-timeout',
    value: 'duration, 1s to 1h',
    default: '25s',
    description: 'After the application has ended: when requests still in flight are cut off.',
    becomes: '`FANOUT_SHUTDOWN_TIMEOUT`',
    read: duration,
  }),
} as const

export type AnnotationKey = keyof typeof annotations

/** Values in effect; `undefined` = neither given nor defaulted, so the relay or the cluster decides. */
export type RelaySettings = {
  readonly [K in AnnotationKey]: (typeof annotations)[K] extends Annotation<infer T> ? T | undefined : never
}

/** Annotations of ours that people do not write. */
export const writtenAnnotations: readonly string[] = [statusAnnotation, relayVersionAnnotation]
