import { relayContainer } from '../api/labels.ts'
import type { RelaySettings } from './annotations.ts'
import type { EnvVar } from './pod.ts'
import type { SidecarOptions } from './sidecar-options.ts'
import { podLabelsFile, relayMounts, tokenDirectory } from './volumes.ts'

/** Port name for PodMonitors; at most 15 characters. */
export const telemetryPortName = 'fanout-metrics'

/** Nobody of the image; distroless calls it nonroot. */
const userId = 65532

/**
 * The relay as a native sidecar (KEP-753): an init container that keeps running. Those after it, and the
 * application, start once its startup probe succeeds; it is told to stop after they have ended.
 */
export const sidecarContainer = (settings: RelaySettings, options: SidecarOptions) => {
  const { imagePullPolicy, cpuRequest, cpuLimit, memoryRequest, memoryLimit, telemetryPort } = settings
  return {
    name: relayContainer,
    image: settings.image ?? options.image,
    ...(imagePullPolicy && { imagePullPolicy }),
    args: ['run'],
    restartPolicy: 'Always',
    env: environment(settings, options),
    // The other ports are on loopback: named here, they would be scraped in vain.
    ports: [{ name: telemetryPortName, containerPort: telemetryPort, protocol: 'TCP' }],
    ...probes(telemetryPort!),
    resources: {
      requests: { cpu: cpuRequest, memory: memoryRequest },
      limits: { ...(cpuLimit && { cpu: cpuLimit }), memory: memoryLimit },
    },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: relayMounts(settings.secrets ?? []),
  }
}

const probes = (port: number) => {
  const get = (path: string) => ({ httpGet: { path, port, scheme: 'HTTP' } })
  return {
    // Two minutes to read the routes once; then the relay is started anew, and the application still waits.
    startupProbe: { ...get('/readyz'), periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 120 },
    readinessProbe: { ...get('/readyz'), periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3 },
    livenessProbe: { ...get('/livez'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
  }
}

const environment = (settings: RelaySettings, { env = [] }: SidecarOptions): readonly EnvVar[] => {
  const { port, adminPort, telemetryPort, logLevel, logFormat, accessLog, shutdownTimeout } = settings
  const own: Readonly<Record<string, string | number | undefined>> = {
    FANOUT_KUBERNETES: 'true',
    FANOUT_TOKEN_DIR: tokenDirectory,
    FANOUT_POD_LABELS: podLabelsFile,
    FANOUT_LISTEN: port,
    FANOUT_ADMIN: adminPort,
    FANOUT_TELEMETRY: telemetryPort,
    FANOUT_LOG_LEVEL: logLevel,
    FANOUT_LOG_FORMAT: logFormat,
    FANOUT_ACCESS_LOG: accessLog,
    // A sidecar is told to stop when the application has ended: nobody is left to send anything new.
    FANOUT_DRAIN_DELAY: '0s',
    FANOUT_SHUTDOWN_TIMEOUT: shutdownTimeout,
  }
  return [
    ...env.filter(({ name }) => own[name] === undefined),
    ...Object.entries(own).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name, value: String(value) }],
    ),
  ]
}
