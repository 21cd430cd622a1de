/*
 * prom-client's default metrics one by one: its `collectDefaultMetrics` knows only all of them, among them a
 * PerformanceObserver on every garbage collection.
 */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client'

  const addTo: (registry: Registry, config?: { readonly eventLoopMonitoringPrecision?: number }) => void
  export default addTo
}

/* The index of the package loads its push gateway, and with it zlib and url. */
declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client'

  export default Registry
}
