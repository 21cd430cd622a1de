import type { ControllerConfig } from '../cli/controller-config.ts'
import { systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { createCertificates } from '../injector/certificates/create-certificates.ts'
import { mountedCertificate } from '../injector/certificates/mounted-certificate.ts'
import { createInjector } from '../injector/create-injector.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import { pause } from '../kubernetes/pause.ts'
import type { ControllerMetrics } from '../telemetry/metrics/controller-metrics.ts'
import { buildInfo } from './build-info.ts'

interface InjectorParts {
  readonly config: Pick<ControllerConfig, 'injector' | 'webhook'>
  readonly client: ClusterClient
  /** Certificates are made by the leader alone. */
  readonly isLeader: () => boolean
  readonly metrics: ControllerMetrics
  readonly logger: Logger
}

export interface RunningInjector {
  ready(): boolean
  /** Answers end their connections from now on: the API server keeps its own open until somebody does. */
  drain(): void
  /** Reviews under way are answered. */
  close(): Promise<void>
}

/** Whoever has the port may be the one before us, and the next certificate is months away. */
const reopenMs = 5_000

/**
 * Runs the webhook: its port opens with the first certificate and closes with `close`. `undefined` where there is to
 * be none. Throws InvalidOptions.
 */
export const runInjector = ({
  config,
  client,
  isLeader,
  metrics,
  logger,
}: InjectorParts): RunningInjector | undefined => {
  if (!config.injector) return undefined
  const { certificateDirectory: directory, ...sidecar } = config.injector
  const injector = createInjector({
    sidecar: { ...sidecar, version: buildInfo.version },
    observer: metrics,
    logger,
  })
  const certificates =
    directory === undefined
      ? createCertificates({ client, namespace: client.namespace, isLeader, logger })
      : mountedCertificate({ directory, logger })
  const stop = new AbortController()
  let opening: Promise<unknown> | undefined
  const open = async (): Promise<void> => {
    const [endpoint] = config.webhook
    while (!stop.signal.aborted) {
      try {
        const { port } = await injector.listen(endpoint)
        return logger.info({ webhook: port }, 'injecting')
      } catch (err) {
        logger.error({ err, flag: '--webhook' }, 'the webhook port cannot be opened; trying again')
        await pause(reopenMs, systemClock, stop.signal)
      }
    }
  }
  const following = certificates.run(certificate => {
    injector.useCertificate(certificate)
    metrics.certificateExpiresAt(certificate.expiresAt)
    opening ??= open()
  }, stop.signal)
  return {
    ready: () => injector.ready(),
    drain: () => injector.drain(),
    close: async () => {
      stop.abort()
      await following
      await opening
      await injector.close()
    },
  }
}
