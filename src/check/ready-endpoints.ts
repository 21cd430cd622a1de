import type { EndpointSlice } from './objects.ts'

/** Whether a slice has an endpoint that takes requests; one that does not say so does (discovery.k8s.io/v1). */
export const isReady = ({ endpoints }: EndpointSlice): boolean =>
  (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false)
