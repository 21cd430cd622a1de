import {
  defaultTelemetryPort,
  relayVersionAnnotation,
  statusAnnotation,
  telemetryPortAnnotation,
} from '../api/labels.ts'
import type { FieldPath } from '../api/problem.ts'
import type { RelaySettings } from './annotations.ts'
import { add, type PatchOperation } from './json-patch.ts'
import type { Container, Pod } from './pod.ts'
import { sidecarContainer } from './sidecar.ts'
import type { SidecarOptions } from './sidecar-options.ts'
import { cacheVolume, relayVolumes } from './volumes.ts'

const relayUrlVariable = 'FANOUT_RELAY_URL'
const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container'
/** Without it the cluster autoscaler keeps a node because of the emptyDir of a pod on it. */
const evictableVolumesAnnotation = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes'

/** The operations that put a relay into a pod that has none. */
export const injectionPatch = (
  pod: Pod,
  settings: RelaySettings,
  options: SidecarOptions,
): readonly PatchOperation[] => {
  const { metadata, spec } = pod
  const { initContainers, containers } = spec
  const url = `http://localhost:${settings.port}`
  const own = metadata?.annotations ?? {}
  const annotations = {
    [statusAnnotation]: 'injected',
    [relayVersionAnnotation]: options.version,
    // Whoever asks the relay's telemetry finds its port here; it may be the operator's default.
    ...(settings.telemetryPort !== defaultTelemetryPort && {
      [telemetryPortAnnotation]: String(settings.telemetryPort),
    }),
    ...(own[defaultContainerAnnotation] === undefined &&
      containers[0] && { [defaultContainerAnnotation]: containers[0].name }),
    [evictableVolumesAnnotation]: withCache(own[evictableVolumesAnnotation]),
  }
  return [
    ...(metadata ? [] : [add(['metadata'], {})]),
    ...(metadata?.annotations ? [] : [add(['metadata', 'annotations'], {})]),
    ...Object.entries(annotations).map(([key, value]) => add(['metadata', 'annotations', key], value)),
    ...(spec.volumes ? [] : [add(['spec', 'volumes'], [])]),
    ...relayVolumes(settings.secrets ?? []).map(volume => add(['spec', 'volumes', '-'], volume)),
    // Environments before the sidecar goes in: it moves the places of the other init containers.
    ...(initContainers ?? []).flatMap((container, index) =>
      relayUrl(container, ['spec', 'initContainers', index], url),
    ),
    ...containers.flatMap((container, index) => relayUrl(container, ['spec', 'containers', index], url)),
    ...(initContainers ? [] : [add(['spec', 'initContainers'], [])]),
    // First, so that the init containers of the application can use it.
    add(['spec', 'initContainers', 0], sidecarContainer(settings, options)),
  ]
}

/** `a,b` -> `a,b,fanout-relay-cache` */
const withCache = (volumes = ''): string =>
  [...new Set([...volumes.split(',').filter(Boolean), cacheVolume])].join(',')

/** At the front, so that variables of the application may refer to `$(FANOUT_RELAY_URL)`. */
const relayUrl = ({ env }: Container, path: FieldPath, url: string): readonly PatchOperation[] => {
  if (env?.some(({ name }) => name === relayUrlVariable)) return []
  const variable = { name: relayUrlVariable, value: url }
  return [env ? add([...path, 'env', 0], variable) : add([...path, 'env'], [variable])]
}
