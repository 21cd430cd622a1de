import { relayContainer } from '../api/labels.ts'
import type { RelaySettings } from './annotations.ts'
import { environment } from './environment.ts'
import { defaultRunAsUser, type SidecarOptions } from './sidecar-options.ts'
import { relayMounts } from './volumes.ts'

/** Port name for PodMonitors; at most 15 characters. */
export const telemetryPortName = 'fanout-metrics'

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
    env: environment(settings, options.env),
    // The other ports are on loopback: named here, they would be scraped in vain.
    ports: [{ name: telemetryPortName, containerPort: telemetryPort, protocol: 'TCP' }],
    ...probes(telemetryPort!),
    resources: {
      requests: { cpu: cpuRequest, memory: memoryRequest },
      limits: { ...(cpuLimit && { cpu: cpuLimit }), memory: memoryLimit },
    },
    securityContext: {
      runAsNonRoot: true,
      ...userOf(options),
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

/** Where the cluster gives each namespace its own range, a fixed number would be refused. */
const userOf = ({ runAsUser = defaultRunAsUser }: SidecarOptions) =>
  runAsUser === 'none' ? {} : { runAsUser, runAsGroup: runAsUser }

const probes = (port: number) => {
  const get = (path: string) => ({ httpGet: { path, port, scheme: 'HTTP' } })
  return {
    // Two minutes to read the routes once; then the relay is started anew, and the application still waits.
    startupProbe: { ...get('/readyz'), periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 120 },
    readinessProbe: { ...get('/readyz'), periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3 },
    livenessProbe: { ...get('/livez'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
  }
}
