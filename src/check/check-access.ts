import { relayRole } from '../api/labels.ts'
import { group, plural as routesPlural } from '../api/names.ts'
import { isOptedIn } from '../controller/opt-in.ts'
import { type BindingStep, bindingStep } from '../controller/role-binding.ts'
import { factValue, unreadLine } from './fact.ts'
import type { ClusterFacts } from './facts.ts'
import { type CheckFinding, type CheckSection, finding, line, ok, plural } from './finding.ts'

/** Relays may read the routes of their namespace. */
export const checkAccess = (facts: ClusterFacts): CheckSection => {
  const { readerRole, namespaces, pods, roleBindings } = facts
  const role = `ClusterRole ${relayRole} exists`
  const bound = `relays may read ${routesPlural}.${group}`
  return {
    title: 'Access of relays',
    lines: [
      unreadLine(role, [readerRole]) ??
        line(
          role,
          readerRole.kind === 'absent'
            ? [finding('FR0251', { where: `ClusterRole ${relayRole}`, message: 'it is not there' })]
            : [],
        ),
      unreadLine(bound, [namespaces, pods, roleBindings]) ?? bindingLine(facts),
    ],
  }
}

const bindingLine = ({ namespaces, pods, roleBindings }: ClusterFacts) => {
  const podsOf = Map.groupBy(factValue(pods) ?? [], ({ metadata }) => metadata.namespace)
  const opted = (factValue(namespaces) ?? [])
    .filter(namespace => isOptedIn(namespace, podsOf.get(namespace.metadata.name) ?? []))
    .map(({ metadata }) => metadata.name)
  if (opted.length === 0) return ok('no namespace here has relays')
  const bindings = new Map((factValue(roleBindings) ?? []).map(one => [one.metadata.namespace, one]))
  const findings = opted.flatMap(namespace => {
    const { kind } = bindingStep(namespace, true, bindings.get(namespace))
    return kind === 'none' ? [] : [bindingFinding(namespace, kind, bindings.has(namespace))]
  })
  return line(`relays may read routes in ${plural(opted.length, 'namespace')}`, findings)
}

const bindingFinding = (
  namespace: string,
  kind: Exclude<BindingStep['kind'], 'none'>,
  exists: boolean,
): CheckFinding =>
  finding('FR0250', {
    where: `RoleBinding ${namespace}/${relayRole}`,
    message: !exists
      ? 'it is not there, so relays of the namespace cannot read its routes'
      : kind === 'foreign'
        ? 'it is not one of the controller, which leaves it alone; whether it lets relays read routes is not known'
        : 'it was changed: it does not bind the ServiceAccounts of the namespace to the role',
    ...(exists && {
      fix: `kubectl delete rolebinding ${relayRole} -n ${namespace}; the controller makes it anew`,
    }),
  })
