import { annotations } from './annotations.ts'
import type { EnvVar } from './pod.ts'

/** What the operator of a cluster decides for all relays. */
export interface SidecarOptions {
  /** Image of the relay, by tag or digest. */
  readonly image: string
  /** Version of the relay in it, for the pod's annotation. */
  readonly version: string
  /** Images that pods may choose by annotation. Default: none. */
  readonly allowedImages?: readonly string[]
  /** Other defaults of annotations, by name without prefix: `{'memory-limit': '512Mi'}`. */
  readonly defaults?: Readonly<Record<string, string>>
  /** More environment for every relay, such as `OTEL_EXPORTER_OTLP_ENDPOINT`. What the injector sets itself wins. */
  readonly env?: readonly EnvVar[]
}

/** An operator's options that no pod could be injected with. */
export class InvalidOptions extends Error {
  override readonly name = 'InvalidOptions'
}

/** Refuses at start what would otherwise refuse every pod. @throws InvalidOptions */
export const checkOptions = ({ defaults = {}, allowedImages = [] }: SidecarOptions): void => {
  for (const [name, text] of Object.entries(defaults)) {
    const annotation = Object.values(annotations).find(known => known.name === name)
    if (!annotation)
      throw new InvalidOptions(
        `there is no annotation "${name}" to set a default of; known are ${Object.values(annotations)
          .map(known => known.name)
          .join(', ')}`,
      )
    try {
      if (text !== '') annotation.read(text, { allowedImages })
    } catch (error) {
      throw new InvalidOptions(
        `the default of ${name} cannot be "${text}": it must be ${(error as Error).message}`,
      )
    }
  }
}
