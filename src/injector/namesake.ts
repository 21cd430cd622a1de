import { injectLabel, relayContainer, statusAnnotation } from '../api/labels.ts'
import type { Container, Pod } from './pod.ts'

/**
 * A warning when a container has the name of the relay's but is none that the injector makes: then the pod stays
 * as it is, and nothing that its annotations say about a relay is looked at.
 */
export const namesakeWarning = ({ metadata, spec }: Pod, relayImage: string): readonly string[] => {
  const sidecar = spec.initContainers?.find(({ name }) => name === relayContainer)
  const isInjected = metadata?.annotations?.[statusAnnotation] !== undefined
  if (sidecar && isSidecar(sidecar) && (isInjected || isSameImage(sidecar.image, relayImage))) return []
  return [
    `no relay was injected: container ${relayContainer} has the relay's name, but is no sidecar of the injector's. Rename it, or say ${injectLabel}: "false"`,
  ]
}

const isSidecar = ({ restartPolicy, args }: Container): boolean =>
  restartPolicy === 'Always' && args?.[0] === 'run'

/** Whatever the registry, the tag and the digest. */
const isSameImage = (image: string | undefined, relayImage: string): boolean =>
  image !== undefined && baseName(image) === baseName(relayImage)

/** `registry.example:5000/a/fanout-relay:1.2@sha256:…` -> `fanout-relay` */
const baseName = (image: string): string => /([^/:@]*)(:[^/@]*)?(@.*)?$/.exec(image)?.[1] ?? image
