import { annotationPrefix } from '../api/labels.ts'
import { excerpt } from '../api/problem.ts'
import { parseByteSize } from '../api/scalars.ts'
import { InvalidAnnotation, milliCpus } from './annotation-values.ts'
import { type Annotation, type AnnotationKey, annotations, type RelaySettings } from './annotations.ts'
import type { InjectionProblem } from './outcome.ts'
import type { SidecarOptions } from './sidecar-options.ts'

export interface ReadSettings {
  readonly settings: RelaySettings
  /** Nothing may be injected while there is one. */
  readonly problems: readonly InjectionProblem[]
}

type Texts = Readonly<Record<string, string>>

/** Settings of one relay: the pod's annotation before the operator's default before the table's. */
export const readSettings = (
  podAnnotations: Texts | null | undefined,
  options: SidecarOptions,
): ReadSettings => {
  const problems: InjectionProblem[] = []
  const settings = Object.fromEntries(
    Object.entries(annotations as Readonly<Record<string, Annotation<unknown>>>).map(([key, annotation]) => {
      const given = podAnnotations?.[`${annotationPrefix}${annotation.name}`]
      // Templates leave an empty value where nothing is set.
      const text = given || options.defaults?.[annotation.name] || annotation.default
      return [key, text === '' ? undefined : read(annotation, text, options, problems)]
    }),
  ) as RelaySettings
  if (problems.length === 0) problems.push(...contradictions(settings))
  return { settings, problems }
}

const read = (
  annotation: Annotation<unknown>,
  text: string,
  { allowedImages = [] }: SidecarOptions,
  problems: InjectionProblem[],
): unknown => {
  try {
    return annotation.read(text, { allowedImages })
  } catch (error) {
    if (!(error instanceof InvalidAnnotation)) throw error
    problems.push(
      problem(annotation.name, `cannot be "${excerpt(text)}": it must be ${error.message}`, error.fix),
    )
    return undefined
  }
}

const problem = (name: string, message: string, fix: string): InjectionProblem => ({
  message: `annotation ${annotationPrefix}${name} ${message}`,
  fix,
  path: ['metadata', 'annotations', `${annotationPrefix}${name}`],
})

/** What no single value shows. The API server would refuse the same, in words that do not name the annotation. */
const contradictions = (settings: RelaySettings): readonly InjectionProblem[] => {
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = settings
  const found: InjectionProblem[] = []
  if (cpuRequest && cpuLimit && milliCpus(cpuRequest) > milliCpus(cpuLimit))
    found.push(
      problem(
        'cpu-request',
        `is ${cpuRequest}, more than the limit of ${cpuLimit}`,
        `raise ${annotationPrefix}cpu-limit as well`,
      ),
    )
  if (memoryRequest && memoryLimit && parseByteSize(memoryRequest) > parseByteSize(memoryLimit))
    found.push(
      problem(
        'memory-request',
        `is ${memoryRequest}, more than the limit of ${memoryLimit}`,
        `raise ${annotationPrefix}memory-limit as well`,
      ),
    )
  const ports = (['port', 'adminPort', 'telemetryPort'] satisfies AnnotationKey[]).map(
    key => [annotations[key].name, settings[key]] as const,
  )
  for (const [index, [name, port]] of ports.entries()) {
    const twin = ports.slice(0, index).find(([, other]) => other === port)
    if (twin)
      found.push(
        problem(name, `is ${port}, which is ${annotationPrefix}${twin[0]} already`, 'give each its own port'),
      )
  }
  return found
}
