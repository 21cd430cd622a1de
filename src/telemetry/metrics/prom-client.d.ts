/*
 * prom-client's default metrics one by one: its `collectDefaultMetrics` knows only all of them, among them a
 * PerformanceObserver on every garbage collection.
 */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client'

  const addTo: (registry: Registry, config?: { readonly eventLoopMonitoringPrecision?: number }) => void
  export default addTo
}
