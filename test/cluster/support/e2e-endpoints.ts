interface Endpoints {
  readonly namespace: string
  readonly service: string
  readonly port: number
  /** Addresses of the pods that are ready. */
  readonly ready: readonly string[]
}

/** The EndpointSlice that Kubernetes' own controller keeps for a Service. */
export const endpointSlice = ({ namespace, service, port, ready }: Endpoints) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${service}-1`, namespace, labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  ports: [{ port }],
  endpoints: ready.map(address => ({ addresses: [address], conditions: { ready: true } })),
})
