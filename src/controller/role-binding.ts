import { managedBy, managedByLabel, relayRole } from '../api/labels.ts'
import type { RoleBindingObject } from './resources.ts'

/** What has to be done about the RoleBinding by which relays of a namespace may read its routes. */
export type BindingStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'apply'; readonly binding: RelayBinding }
  /** A roleRef cannot be changed, so the binding is removed and comes back right. */
  | { readonly kind: 'remove' }
  /** Somebody else has one of this name; it is theirs. */
  | { readonly kind: 'foreign' }

export interface RelayBinding
  extends Pick<RoleBindingObject, 'apiVersion' | 'kind' | 'roleRef' | 'subjects'> {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Labels }
}

type Labels = Readonly<Record<string, string>>

/** Of the whole group: which ServiceAccounts run relays is not known before they do. */
export const relayBinding = (namespace: string): RelayBinding => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: relayRole, namespace, labels: { [managedByLabel]: managedBy } },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: relayRole },
  subjects: [groupOf(namespace)],
})

const groupOf = (namespace: string) => ({
  apiGroup: 'rbac.authorization.k8s.io',
  kind: 'Group',
  name: `system:serviceaccounts:${namespace}`,
})

/** What it takes to get from `current` (`undefined` = none) to what the namespace should have. Pure. */
export const bindingStep = (
  namespace: string,
  optedIn: boolean,
  current: RoleBindingObject | undefined,
): BindingStep => {
  if (!current) return optedIn ? { kind: 'apply', binding: relayBinding(namespace) } : { kind: 'none' }
  if (current.metadata.labels?.[managedByLabel] !== managedBy)
    return optedIn ? { kind: 'foreign' } : { kind: 'none' }
  if (!optedIn || !hasOurRole(current)) return { kind: 'remove' }
  return hasOurSubject(current, namespace)
    ? { kind: 'none' }
    : { kind: 'apply', binding: relayBinding(namespace) }
}

const hasOurRole = ({ roleRef }: RoleBindingObject): boolean =>
  roleRef?.kind === 'ClusterRole' && roleRef.name === relayRole

const hasOurSubject = ({ subjects = [] }: RoleBindingObject, namespace: string): boolean =>
  subjects.length === 1 && subjects[0]!.kind === 'Group' && subjects[0]!.name === groupOf(namespace).name
