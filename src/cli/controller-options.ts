import { hostname } from 'node:os'
import type { ClusterOptions } from '../kubernetes/cluster.ts'
import type { ControllerConfig } from './controller-config.ts'
import { endpoints, formatEndpoint } from './endpoint.ts'
import type { Machine } from './io.ts'
import { clusterOptions } from './kubernetes-options.ts'
import { logOptions } from './log-options.ts'
import { InvalidValue, type Option, type OptionValues } from './option.ts'
import { runAsUser } from './run-as-user.ts'
import { milliseconds, text, texts } from './values.ts'

const any = (machine: Machine) => [machine.any]
const option = <T>(of: Option<T>): Option<T> => of

const port = (flag: string, number: number, description: string): Option<ControllerConfig['health']> =>
  option({
    flag,
    value: 'HOST:PORT',
    description,
    default: machine => formatEndpoint({ host: machine.any, port: number }),
    defaultText: `[::]:${number}, or 0.0.0.0:${number} without IPv6`,
    read: endpoints(any),
  })

/** Options of `fanout-relay controller`. */
export const controllerOptions = {
  ...clusterOptions,
  health: port('health', 8081, 'Where /livez and /readyz are.'),
  metrics: port('metrics', 8080, 'Where /metrics is.'),
  webhook: option({
    flag: 'webhook',
    value: 'HOST:PORT',
    description: 'Where the API server asks the injector about pods, over TLS. One address.',
    default: machine => formatEndpoint({ host: machine.any, port: 10250 }),
    defaultText: '[::]:10250, or 0.0.0.0:10250 without IPv6',
    read: oneEndpoint,
  }),
  webhookCertificate: option({
    flag: 'webhook-certificate',
    value: 'DIRECTORY',
    description:
      'Where tls.crt and tls.key of the webhook are mounted, when cert-manager or another makes them.',
    default: '',
    defaultText: 'none: the controller makes and replaces its certificate itself',
    read: text,
  }),
  relayImage: option({
    flag: 'relay-image',
    value: 'IMAGE',
    description: 'Image of the relays that the injector puts into pods.',
    default: '',
    defaultText: 'none: there is no injector, only status',
    read: text,
  }),
  allowedImage: option({
    flag: 'allowed-image',
    value: 'IMAGE',
    repeatable: true,
    description: 'Another image that pods may choose by annotation.',
    default: '',
    defaultText: 'none',
    read: texts,
  }),
  relayDefault: option({
    flag: 'relay-default',
    value: 'NAME=VALUE',
    repeatable: true,
    description: 'Another default of an annotation of pods, such as memory-limit=512Mi.',
    default: '',
    defaultText: 'none',
    read: pairs,
  }),
  relayEnv: option({
    flag: 'relay-env',
    value: 'NAME=VALUE',
    repeatable: true,
    description: 'More environment for injected relays, such as OTEL_EXPORTER_OTLP_ENDPOINT=….',
    default: '',
    defaultText: 'none',
    read: pairs,
  }),
  relayRunAsUser: option({
    flag: 'relay-run-as-user',
    value: 'ID',
    description:
      'User and group of injected relays; none = leave them to the cluster, as OpenShift wants it.',
    default: '65532',
    read: runAsUser,
  }),
  identity: option({
    flag: 'identity',
    value: 'NAME',
    description: 'Name of this replica in the lease of the leader; unique among all.',
    default: '',
    defaultText: 'host name and a random end',
    read: text,
  }),
  resync: option({
    flag: 'resync',
    value: 'DURATION',
    description: 'How often everything is looked at again although nothing changed.',
    default: '10m',
    read: milliseconds,
  }),
  drainDelay: option({
    flag: 'drain-delay',
    value: 'DURATION',
    description: 'After SIGTERM: how long to go on answering the API server, unready.',
    default: ({ terminal }) => (terminal ? '0s' : '5s'),
    defaultText: '5s, or 0s on a terminal',
    read: milliseconds,
  }),
  ...logOptions,
}

function oneEndpoint(given: readonly string[], machine: Machine): ControllerConfig['webhook'] {
  const [first, second] = endpoints(any)(given, machine)
  if (!first || second) throw new InvalidValue('one HOST:PORT, or a PORT')
  return [first]
}

function pairs(given: readonly string[]): Readonly<Record<string, string>> {
  const entries = given.map(pair => {
    const sign = pair.indexOf('=')
    if (sign < 1) throw new InvalidValue('NAME=VALUE')
    return [pair.slice(0, sign), pair.slice(sign + 1)] as const
  })
  if (new Set(entries.map(([name]) => name)).size < entries.length)
    throw new InvalidValue('NAME=VALUE, each name once', 'give each name once')
  return Object.fromEntries(entries)
}

/** The options as `serveController` takes them. `random` makes replicas on one host differ. */
export const controllerConfig = (
  values: OptionValues<typeof controllerOptions>,
  cluster: ClusterOptions,
  { terminal, colour }: Machine,
  random: string,
): ControllerConfig => ({
  cluster,
  health: values.health,
  metrics: values.metrics,
  webhook: values.webhook,
  injector:
    values.relayImage === undefined
      ? undefined
      : {
          image: values.relayImage,
          allowedImages: values.allowedImage,
          defaults: values.relayDefault,
          runAsUser: values.relayRunAsUser,
          certificateDirectory: values.webhookCertificate,
          env: Object.entries(values.relayEnv).map(([name, value]) => ({ name, value })),
        },
  identity: values.identity ?? `${hostname()}_${random}`,
  resyncMs: values.resync,
  drainDelayMs: values.drainDelay,
  logs: {
    level: values.logLevel,
    format: values.logFormat === 'auto' ? (terminal ? 'pretty' : 'json') : values.logFormat,
    colour,
  },
})
