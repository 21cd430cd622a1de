import { annotationPrefix, injectLabel } from '../api/labels.ts'
import { annotations, type RelaySettings } from './annotations.ts'
import type { InjectionProblem } from './outcome.ts'
import type { PodSpec } from './pod.ts'
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

const portConflicts = ({ containers }: PodSpec, settings: RelaySettings): readonly InjectionProblem[] =>
  containers.flatMap((container, index) =>
    (container.ports ?? []).flatMap(({ containerPort, protocol = 'TCP' }, at) => {
      const key = (['port', 'adminPort', 'telemetryPort'] as const).find(
        name => settings[name] === containerPort,
      )
      if (!key || protocol !== 'TCP') return []
      const { name } = annotations[key]
      return [
        {
          message: `container ${container.name} uses port ${containerPort}, which is the relay's ${annotationPrefix}${name}`,
          fix: `give the relay another one with the annotation ${annotationPrefix}${name}`,
          path: ['spec', 'containers', index, 'ports', at],
        },
      ]
    }),
  )

export const hostNetworkProblem: InjectionProblem = {
  message:
    "a pod with hostNetwork cannot have a relay: its ports would be the node's, open to every pod there",
  fix: `remove hostNetwork, or leave the pod out with the label ${injectLabel}: "false"`,
  path: ['spec', 'hostNetwork'],
}
