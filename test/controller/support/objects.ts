/** Paths and objects of a small cluster: a route of namespace `shop`, what it sends to, and a relay. */

export const collections = {
  routes: '/apis/fanoutrelay.dev/v1alpha1/fanoutroutes',
  services: '/api/v1/services',
  pods: '/api/v1/pods',
  namespaces: '/api/v1/namespaces',
  roleBindings: '/apis/rbac.authorization.k8s.io/v1/rolebindings',
} as const

export const paths = {
  namespace: (name = 'shop') => `/api/v1/namespaces/${name}`,
  pod: (name: string, namespace = 'shop') => `/api/v1/namespaces/${namespace}/pods/${name}`,
  service: (name: string) => `/api/v1/namespaces/shop/services/${name}`,
  route: (name: string) => `/apis/fanoutrelay.dev/v1alpha1/namespaces/shop/fanoutroutes/${name}`,
  roleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/fanout-relay-reader',
} as const

/** With relays. */
export const namespace = { metadata: { labels: { 'fanoutrelay.dev/injection': 'enabled' } } }

export const service = { spec: { type: 'ClusterIP', ports: [{ port: 80 }] } }

/** Sends to the Service `inventory`. */
export const route = (generation = 1) => ({
  apiVersion: 'fanoutrelay.dev/v1alpha1',
  kind: 'FanOutRoute',
  metadata: { generation },
  spec: {
    matches: [{ path: { value: `/orders/${generation}` } }],
    upstreams: [{ name: 'a', backendRef: { name: 'inventory', port: 80 } }],
  },
})

const running = { phase: 'Running', podIP: '10.0.0.1' }

export const relayPod = { spec: { containers: [{ name: 'fanout-relay' }] }, status: running }

/** It runs without the relay that it should have. */
export const barePod = { spec: { containers: [{ name: 'app' }] }, status: running }
