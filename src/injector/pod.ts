/*
 * As much of a Pod (v1) as the injector looks at. The API server has checked types of what it sends; manifests
 * from files are checked by `podShapeProblem`.
 */

export interface Pod {
  readonly metadata?: PodMetadata | null
  readonly spec: PodSpec
  readonly status?: { readonly phase?: string } | null
}

export interface PodMetadata {
  readonly name?: string
  readonly generateName?: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>> | null
  readonly annotations?: Readonly<Record<string, string>> | null
  readonly deletionTimestamp?: string | null
  readonly ownerReferences?: readonly OwnerReference[] | null
}

export interface OwnerReference {
  readonly kind: string
  readonly name: string
  readonly controller?: boolean
}

export interface PodSpec {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[] | null
  readonly volumes?: readonly { readonly name: string }[] | null
  readonly hostNetwork?: boolean | null
  readonly nodeSelector?: Readonly<Record<string, string>> | null
  readonly os?: { readonly name?: string } | null
  readonly terminationGracePeriodSeconds?: number | null
}

export interface Container {
  readonly name: string
  readonly image?: string
  readonly args?: readonly string[] | null
  /** `Always` makes an init container a native sidecar. */
  readonly restartPolicy?: string
  readonly env?: readonly EnvVar[] | null
  readonly ports?: readonly { readonly containerPort: number; readonly protocol?: string }[] | null
  readonly lifecycle?: {
    readonly preStop?: { readonly sleep?: { readonly seconds?: number } | null } | null
  } | null
}

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: unknown
}

/** `shop/checkout-` of a pod that has no name yet. */
export const podName = ({ metadata }: Pod): string => metadata?.name ?? metadata?.generateName ?? '(unnamed)'
