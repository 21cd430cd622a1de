import { group } from './names.ts'

/*
 * Every label, annotation, condition type and reason that people and programs meet in a cluster. They are part of
 * the API: a name is never reused for something else.
 */

/** On a namespace: `enabled` gives its pods relays, `disabled` or absent does not. */
export const injectionLabel = `${group}/injection`
/** On a pod: `"true"` or `"false"`; it wins over the namespace. */
export const injectLabel = `${group}/inject`

/** Before the keys of annotations that tune an injected relay. */
export const annotationPrefix = `${group}/`
/** On an injected pod: `injected`. */
export const statusAnnotation = `${group}/status`
/** On an injected pod: version of the relay in it. */
export const relayVersionAnnotation = `${group}/relay-version`
/** On a pod: port of its relay's telemetry, where that is not the default. */
export const telemetryPortAnnotation = `${group}/telemetry-port`

/** Name of the relay's container, by which everybody finds it in a pod. */
export const relayContainer = 'fanout-relay'
/** Port of /metrics, /livez, /readyz and /routes unless the annotation says otherwise. */
export const defaultTelemetryPort = 4782

/** Who made an object: what the controller may change or remove carries this. */
export const managedByLabel = 'app.kubernetes.io/managed-by'
export const managedBy = 'fanout-relay'

/** ClusterRole with what a relay may do, and the RoleBinding of that name in every namespace with relays. */
export const relayRole = 'fanout-relay-reader'

/** Lease by which replicas of the controller agree on a leader. */
export const controllerLease = 'fanout-relay-controller'
/** Owner of the fields of a status, as server-side apply and `kubectl get --show-managed-fields` know it. */
export const controllerFieldManager = 'fanout-relay-controller'
/** Who an event is from. */
export const reportingController = `${group}/controller`

/** Types of conditions, in the order in which they are looked into and shown. */
export const conditionTypes = ['Accepted', 'ResolvedRefs', 'Programmed', 'Overridden', 'Ready'] as const
export type ConditionType = (typeof conditionTypes)[number]

/** Reasons of conditions; docs/kubernetes/conditions.md tells about each. */
export const reasons = {
  /** Of Accepted, when True. */
  accepted: 'Accepted',
  /** The route has an error; relays go on with its last good version or answer 503. */
  invalid: 'Invalid',
  /** Not known yet. */
  pending: 'Pending',
  resolvedRefs: 'ResolvedRefs',
  backendNotFound: 'BackendNotFound',
  portNotFound: 'PortNotFound',
  programmed: 'Programmed',
  noRelays: 'NoRelays',
  relayOutdated: 'RelayOutdated',
  relayUnreachable: 'RelayUnreachable',
  overridden: 'Overridden',
  ready: 'Ready',
} as const
export type ConditionReason = (typeof reasons)[keyof typeof reasons]

/** Reasons of events: about a route, and the last about what makes pods. */
export const eventReasons = {
  accepted: 'RouteAccepted',
  rejected: 'RouteRejected',
  refNotFound: 'RefNotFound',
  overridden: 'RouteOverridden',
  injectionSkipped: 'InjectionSkipped',
} as const
export type EventReason = (typeof eventReasons)[keyof typeof eventReasons]
