import eventLoopLag from 'prom-client/lib/metrics/eventLoopLag.js'
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js'
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js'
import processCpuTotal from 'prom-client/lib/metrics/processCpuTotal.js'
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js'
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js'
import processStartTime from 'prom-client/lib/metrics/processStartTime.js'
import version from 'prom-client/lib/metrics/version.js'
import Registry from 'prom-client/lib/registry.js'
import { type ExpositionFormat, renderHead, renderSample } from './exposition.ts'
import { formatLabels } from './labels.ts'

/**
 * `process_*` and `nodejs_*` as Node dashboards know them. Left out: garbage collection (an observer called
 * for every collection) and gauges that end in `_total`, which OpenMetrics keeps for counters.
 */
export function createRuntimeMetrics(): (format: ExpositionFormat) => Promise<string> {
  const registry = new Registry()
  const metrics = [
    processCpuTotal,
    processStartTime,
    osMemoryHeap,
    processOpenFileDescriptors,
    processMaxFileDescriptors,
    heapSizeAndUsed,
    version,
  ]
  for (const addTo of metrics) addTo(registry)
  // A timer of its own samples the loop: finer than this, an idle relay would wake up for nothing else.
  eventLoopLag(registry, { eventLoopMonitoringPrecision: 50 })

  // Not `registry.metrics()`: it renders one format for ever, renames its counters and writes `Nan`.
  return async format => {
    let text = ''
    for (const metric of await registry.getMetricsAsJSON()) {
      const { name, help, values } = metric
      // The declared type is an enum; what is there is the string of the exposition.
      const type = String(metric.type) === 'counter' ? 'counter' : 'gauge'
      if (values.length === 0) continue
      text += renderHead({ name, help, type }, format)
      for (const { labels, value } of values) {
        const names = Object.keys(labels)
        const labelValues = Object.values(labels).map(String)
        text += renderSample(name, formatLabels(names, labelValues), value)
      }
    }
    return text
  }
}
