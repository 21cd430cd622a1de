import { InvalidStoreUrl, readStoreUrl } from '../limits/store-address.ts'
import { defaultMaxBufferedBytes } from '../serve/memory-guard-limit.ts'
import type { RelayConfig } from './config.ts'
import { endpoints, formatEndpoint } from './endpoint.ts'
import type { Machine } from './io.ts'
import { logOptions } from './log-options.ts'
import { InvalidValue, type Option, written } from './option.ts'
import type { ParsedLine } from './parse-options.ts'
import { UsageError } from './usage-error.ts'
import { bytes, choice, count, milliseconds } from './values.ts'

const loopback = (machine: Machine) => machine.loopback
const any = (machine: Machine) => [machine.any]

const at = (hosts: (machine: Machine) => readonly string[], port: number) => (machine: Machine) =>
  hosts(machine)
    .map(host => formatEndpoint({ host, port }))
    .join(',')

const option = <T>(of: Option<T>): Option<T> => of

/** Options of every verb that runs a relay. */
export const relayOptions = {
  listen: option({
    flag: 'listen',
    value: 'HOST:PORT',
    description: 'Where requests to fan out are taken. PORT alone keeps the hosts of the default.',
    default: at(loopback, 4780),
    defaultText: '127.0.0.1:4780,[::1]:4780',
    read: endpoints(loopback),
  }),
  admin: option({
    flag: 'admin',
    value: 'HOST:PORT',
    description: 'Where the admin API is. Keep it on loopback: it shows where requests go.',
    default: at(loopback, 4781),
    defaultText: '127.0.0.1:4781,[::1]:4781',
    read: endpoints(loopback),
  }),
  telemetry: option({
    flag: 'telemetry',
    value: 'HOST:PORT',
    description: 'Where /metrics, /livez and /readyz are.',
    default: at(any, 4782),
    defaultText: '[::]:4782, or 0.0.0.0:4782 without IPv6',
    read: endpoints(any),
  }),
  ...logOptions,
  accessLog: option({
    flag: 'access-log',
    value: 'WHICH',
    description: 'Requests that get a log line: off, errors (whatever was no full success) or all.',
    default: 'errors',
    read: choice('off', 'errors', 'all'),
  }),
  drainDelay: option({
    flag: 'drain-delay',
    value: 'DURATION',
    description: 'After SIGTERM: how long to go on serving, unready, until nobody sends here any more.',
    default: ({ terminal }) => (terminal ? '0s' : '5s'),
    defaultText: '5s, or 0s on a terminal',
    read: milliseconds,
  }),
  shutdownTimeout: option({
    flag: 'shutdown-timeout',
    value: 'DURATION',
    description:
      'After SIGTERM: when requests still in flight are cut off, drain delay included. Copies get 5s at most once all callers are answered.',
    default: '25s',
    read: milliseconds,
  }),
  maxInFlight: option({
    flag: 'max-in-flight',
    value: 'COUNT',
    description: 'Requests being answered at once; one more is answered 503.',
    default: '10000',
    read: count,
  }),
  maxBuffered: option({
    flag: 'max-buffered',
    value: 'SIZE',
    description: 'Bytes of captured request bodies held at once, over all requests; more is answered 503.',
    default: ({ memoryLimit }) =>
      memoryLimit === 0 ? '256Mi' : String(defaultMaxBufferedBytes(memoryLimit)),
    defaultText: "256Mi, or a quarter of the container's memory limit if that is less",
    read: bytes,
  }),
  maxDelay: option({
    flag: 'max-delay',
    value: 'DURATION',
    description:
      'How long requests may wait for the CPU: while that is exceeded, new ones are answered 503. 0s = never refused for that.',
    default: '100ms',
    read: milliseconds,
  }),
  rateLimitStore: option({
    flag: 'rate-limit-store',
    value: 'URL',
    secret: true,
    description:
      'Redis or Valkey through which relays share limits of scope Global; see docs/rate-limits.md. Set it in the environment when it holds a password.',
    default: '',
    defaultText: 'none: each relay counts by itself',
    read: storeUrl,
  }),
}

/** Kept as text: its reader takes it apart again, and only there are its credentials needed. */
function storeUrl([given]: readonly string[]): string | undefined {
  if (given === undefined) return undefined
  try {
    readStoreUrl(given)
  } catch (error) {
    if (!(error instanceof InvalidStoreUrl)) throw error
    throw new InvalidValue(
      `redis://HOST:6379, or rediss://HOST:6379 for TLS; what is given ${error.message}`,
      write => `write ${write('redis://HOST:6379')}`,
    )
  }
  return given
}

/** The options as `serve` takes them. @throws UsageError when the drain delay does not fit into the shutdown timeout */
export const relayConfig = (
  { values, settings, names }: Pick<ParsedLine<typeof relayOptions>, 'values' | 'settings' | 'names'>,
  source: RelayConfig['source'],
  { terminal, colour }: Machine,
): RelayConfig => {
  checkTimesToStop({ values, settings, names })
  return {
    listen: values.listen,
    admin: values.admin,
    telemetry: values.telemetry,
    logs: {
      level: values.logLevel,
      format: values.logFormat === 'auto' ? (terminal ? 'pretty' : 'json') : values.logFormat,
      colour,
    },
    accessLog: values.accessLog,
    drainDelayMs: values.drainDelay,
    shutdownTimeoutMs: values.shutdownTimeout,
    maxInFlight: values.maxInFlight,
    maxBufferedBytes: values.maxBuffered,
    maxDelayMs: values.maxDelay,
    rateLimitStore: values.rateLimitStore,
    settings,
    source,
  }
}

const checkTimesToStop = ({
  values: { drainDelay, shutdownTimeout },
  settings,
  names,
}: Pick<ParsedLine<typeof relayOptions>, 'values' | 'settings' | 'names'>): void => {
  if (drainDelay <= shutdownTimeout) return
  const [delay, timeout] = [settings['drain-delay']!, settings['shutdown-timeout']!]
  const [delayName, timeoutName] = [names['drain-delay']!, names['shutdown-timeout']!]
  throw new UsageError(`${written(delayName, delay)} does not fit into ${written(timeoutName, timeout)}`, {
    why: 'the timeout counts from the signal to stop, so it includes the delay and the time to finish requests',
    fix: `make ${timeoutName} longer than ${delay}, or ${delayName} shorter than ${timeout}`,
  })
}
