import { annotationPrefix } from '../api/labels.ts'
import { excerpt } from '../api/problem.ts'
import { InvalidAnnotation } from './annotation-values.ts'
import { type Annotation, annotations } from './annotations.ts'
import { ownVariables } from './environment.ts'
import type { EnvVar } from './pod.ts'
import { readSettings } from './read-settings.ts'

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
  /** More environment for every relay, such as `OTEL_EXPORTER_OTLP_ENDPOINT`; nothing that the injector sets itself. */
  readonly env?: readonly EnvVar[]
  /** User and group of the relay; `none` = whom the cluster chooses, who may not be root. Default 65532. */
  readonly runAsUser?: number | 'none'
}

/** Nobody of the image; distroless calls it nonroot. */
export const defaultRunAsUser = 65532

/** An operator's options that no pod could be injected with. */
export class InvalidOptions extends Error {
  override readonly name = 'InvalidOptions'
  /** How to mend it, on one line. */
  readonly fix: string

  constructor(message: string, fix: string) {
    super(message)
    this.fix = fix
  }
}

/** Refuses at start what would otherwise refuse every pod, or be without effect. @throws InvalidOptions */
export const checkOptions = (options: SidecarOptions): void => {
  for (const [name, text] of Object.entries(options.defaults ?? {})) checkDefault(name, text, options)
  const [contradiction] = readSettings(undefined, options).problems
  if (contradiction)
    throw new InvalidOptions(
      `the defaults of relays contradict each other: ${contradiction.message}`,
      contradiction.fix,
    )
  for (const { name } of options.env ?? []) checkVariable(name)
}

const checkDefault = (name: string, text: string, { allowedImages = [] }: SidecarOptions): void => {
  const annotation = (Object.values(annotations) as readonly Annotation<unknown>[]).find(
    known => known.name === name,
  )
  if (!annotation) {
    const known = Object.values(annotations).map(one => one.name)
    throw new InvalidOptions(
      `there is no annotation "${excerpt(name)}" to set a default of`,
      `use one of ${known.join(', ')}`,
    )
  }
  try {
    if (text !== '') annotation.read(text, { allowedImages })
  } catch (error) {
    if (!(error instanceof InvalidAnnotation)) throw error
    throw new InvalidOptions(
      `the default of ${name} cannot be "${excerpt(text)}": it must be ${error.message}`,
      error.fix,
    )
  }
}

const checkVariable = (name: string): void => {
  // What every supported version of Kubernetes takes.
  if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name) || name === '.' || name.startsWith('..'))
    throw new InvalidOptions(
      `"${excerpt(name)}" cannot be the name of a variable for relays: it must consist of letters, digits, _, - and ., and not begin with a digit`,
      'write for example OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318',
    )
  if (!ownVariables.has(name)) return
  const key = ownVariables.get(name)
  throw new InvalidOptions(
    `the variable ${name} of relays is set by the injector itself`,
    key === undefined
      ? 'leave it out: it follows from how the relay is injected'
      : `set the default of the annotation instead: --relay-default=${annotations[key].name}=…, or ${annotationPrefix}${annotations[key].name} on the pod`,
  )
}
