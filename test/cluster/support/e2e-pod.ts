/** As much of a pod as it takes to run one of its containers. */
export interface PodObject {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: {
    readonly serviceAccountName: string
    readonly initContainers?: readonly Container[]
    readonly containers: readonly Container[]
    readonly volumes?: readonly Volume[]
  }
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: number }
  readonly timeoutSeconds?: number
}

export interface Volume {
  readonly name: string
  readonly projected?: { readonly sources: readonly Source[] }
  readonly downwardAPI?: Source['downwardAPI']
  readonly emptyDir?: object
}

export interface Source {
  readonly serviceAccountToken?: { readonly path: string; readonly expirationSeconds: number }
  readonly configMap?: {
    readonly name: string
    readonly items: readonly { readonly key: string; readonly path: string }[]
  }
  readonly downwardAPI?: {
    readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[]
  }
}

export const containerOf = ({ spec }: PodObject, name: string): Container => {
  const found = [...(spec.initContainers ?? []), ...spec.containers].find(one => one.name === name)
  if (!found) throw new Error(`the pod has no container ${name}`)
  return found
}
