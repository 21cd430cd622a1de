import { annotationPrefix, injectLabel } from '../api/labels.ts'
import type { FieldPath } from '../api/problem.ts'
import { annotations, type RelaySettings } from './annotations.ts'
import type { InjectionProblem } from './outcome.ts'
import type { Container, PodSpec } from './pod.ts'
import { reservedVolumePrefix } from './volumes.ts'

/** Ports and names that the pod uses already: with them the relay could not start, or would read a stranger's volume. */
export const conflicts = (spec: PodSpec, settings: RelaySettings): readonly InjectionProblem[] => [
  ...portConflicts(spec, settings),
  ...(spec.volumes ?? []).flatMap(({ name }, index) =>
    name.startsWith(reservedVolumePrefix)
      ? [
          {
            message: `volume ${name} has a name that begins with ${reservedVolumePrefix}, which is kept for the relay's own`,
            fix: 'rename the volume',
            path: ['spec', 'volumes', index],
          },
        ]
      : [],
  ),
]

/** Init containers run beside the relay like the others: it starts before them. */
const portConflicts = (spec: PodSpec, settings: RelaySettings): readonly InjectionProblem[] =>
  (['initContainers', 'containers'] as const).flatMap(field =>
    (spec[field] ?? []).flatMap((container, index) =>
      portProblems(container, settings, ['spec', field, index]),
    ),
  )

const portProblems = (
  { name, ports }: Container,
  settings: RelaySettings,
  path: FieldPath,
): readonly InjectionProblem[] =>
  (ports ?? []).flatMap(({ containerPort, protocol = 'TCP' }, at) => {
    const key = (['port', 'adminPort', 'telemetryPort'] as const).find(one => settings[one] === containerPort)
    if (!key || protocol !== 'TCP') return []
    const annotation = `${annotationPrefix}${annotations[key].name}`
    return [
      {
        message: `container ${name} uses port ${containerPort}, which is the relay's ${annotation}`,
        fix: `give the relay another one with the annotation ${annotation}`,
        path: [...path, 'ports', at],
      },
    ]
  })

export const hostNetworkProblem: InjectionProblem = {
  message:
    "a pod with hostNetwork cannot have a relay: its ports would be the node's, open to every pod there",
  fix: `remove hostNetwork, or leave the pod out with the label ${injectLabel}: "false"`,
  path: ['spec', 'hostNetwork'],
}
