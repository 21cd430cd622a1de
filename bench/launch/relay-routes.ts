import { loopback } from '../process/ports.ts'
import type { Job } from './candidate.ts'

/** Ten thousand routes in one file would be more than the relay reads from one. */
const routesPerFile = 1000

/** The FanOutRoutes of a job, a text per file. JSON is YAML, so nothing has to render it. */
export function routeFiles(job: Job): string[] {
  const paths = job.routes ?? [{ type: 'PathPrefix', value: '/' }]
  const routes = paths.map((path, index) => JSON.stringify(route(`bench-${index}`, path, job)))
  return Array.from({ length: Math.ceil(routes.length / routesPerFile) }, (_, index) =>
    routes.slice(index * routesPerFile, (index + 1) * routesPerFile).join('\n---\n'),
  )
}

function route(name: string, path: object, job: Job): object {
  return {
    apiVersion: 'fanoutrelay.dev/v1alpha1',
    kind: 'FanOutRoute',
    metadata: { name, namespace: 'bench' },
    spec: {
      matches: [{ path }],
      timeouts: { request: `${job.requestTimeoutSeconds ?? 10}s` },
      limits: { maxBodySize: '1Mi', onOversize: job.streaming ? 'StreamAll' : 'Reject' },
      ...(job.policies ? { retry: {}, retryBudget: {} } : {}),
      upstreams: upstreams(job).map(upstream => (job.policies ? { ...upstream, ...everyPolicy } : upstream)),
    },
  }
}

/** Nothing here is ever reached: what is measured is the cost of being asked. */
const everyPolicy = {
  timeouts: { backendRequest: '5s' },
  circuitBreaker: {},
  rateLimit: { requests: 1_000_000, burst: 1_000_000 },
  concurrency: {},
}

function upstreams(job: Job): object[] {
  const primary = { name: 'primary', url: `http://${loopback}:${job.primary}` }
  const url = `http://${loopback}:${job.secondary}`
  switch (job.mode) {
    case 'single':
      return [primary]
    case 'shadow':
      return [primary, { name: 'shadow', role: 'Shadow', url }]
    case 'aggregate':
      return [primary, { name: 'secondary', url }]
  }
}
