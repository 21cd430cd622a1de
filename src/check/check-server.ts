import type { ClusterFacts } from './facts.ts'
import { type CheckSection, finding, line, ok } from './finding.ts'
import { serverFinding } from './server-finding.ts'

/** The API server answers, and shows us the namespace and its routes. */
export const checkServer = ({
  serverVersion,
  namespace,
  namespaces,
  routes,
}: ClusterFacts): CheckSection => ({
  title: 'API server',
  lines: [
    ok(`it answers, version ${serverVersion}`),
    ...(namespace !== undefined && namespaces.kind === 'absent'
      ? [
          line('the namespace exists', [
            finding('FR0205', {
              where: `Namespace ${namespace}`,
              message: 'it does not exist',
              fix: 'correct -n, or look at all namespaces with -A',
            }),
          ]),
        ]
      : []),
    // Whether there are routes at all is told below.
    ...(routes.kind === 'absent'
      ? []
      : [line('routes may be read', routes.kind === 'unread' ? [serverFinding(routes.error)] : [])]),
  ],
})
