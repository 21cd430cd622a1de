/** Volumes of the relay; every name and path of them is here. */

export const tokenVolume = 'fanout-relay-token'
export const podInfoVolume = 'fanout-relay-podinfo'
export const cacheVolume = 'fanout-relay-cache'
const secretVolume = (index: number): string => `fanout-relay-secret-${index}`

/** Volumes of the relay begin so; an application's volume of such a name would be taken for one. */
export const reservedVolumePrefix = 'fanout-relay-'

export const tokenDirectory = '/var/run/secrets/fanoutrelay.dev/serviceaccount'
const podInfoDirectory = '/etc/fanout-relay/podinfo'
export const podLabelsFile = `${podInfoDirectory}/labels`
const cacheDirectory = '/var/cache/fanout-relay'
export const routeCacheFile = `${cacheDirectory}/routes.json`
const secretDirectory = (name: string): string => `/etc/fanout-relay/secrets/${name}`

/** Beyond it the kubelet evicts the pod: routes of one namespace are far from it. */
const cacheSize = '64Mi'

/** The kubelet renews a token after 80 % of this. */
const tokenSeconds = 3600

const fieldRef = (fieldPath: string, path: string) => ({ path, fieldRef: { apiVersion: 'v1', fieldPath } })

/** Volumes of the pod for a relay that may read these Secrets. */
export const relayVolumes = (secrets: readonly string[]): readonly { readonly name: string }[] => [
  {
    name: tokenVolume,
    // Its own, so that a pod with automountServiceAccountToken: false has no other than this one.
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: tokenSeconds } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [fieldRef('metadata.namespace', 'namespace')] } },
      ],
    },
  } as { readonly name: string },
  { name: podInfoVolume, downwardAPI: { items: [fieldRef('metadata.labels', 'labels')] } } as {
    readonly name: string
  },
  // It outlives the container: a relay that is started anew has its routes while the API server is away.
  { name: cacheVolume, emptyDir: { sizeLimit: cacheSize } } as { readonly name: string },
  // Optional: one missing Secret makes the routes that need it unready, not the application.
  ...secrets.map((secretName, index) => ({
    name: secretVolume(index),
    secret: { secretName, optional: true },
  })),
]

/** Where the relay's container finds them. */
export const relayMounts = (secrets: readonly string[]) => [
  { name: tokenVolume, mountPath: tokenDirectory, readOnly: true },
  { name: podInfoVolume, mountPath: podInfoDirectory, readOnly: true },
  { name: cacheVolume, mountPath: cacheDirectory },
  ...secrets.map((name, index) => ({
    name: secretVolume(index),
    mountPath: secretDirectory(name),
    readOnly: true,
  })),
]
