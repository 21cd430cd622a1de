import { annotationPrefix } from '../api/labels.ts'
import { parseDuration } from '../api/scalars.ts'
import type { RelaySettings } from './annotations.ts'
import type { PodSpec } from './pod.ts'

/** What Kubernetes gives a pod that says nothing. */
const defaultGraceSeconds = 30

/**
 * A warning when the relay may be killed with requests in flight: the pod's grace period runs for the application
 * first, its preStop hook included, and the relay has what is left of it.
 */
export const gracePeriodWarning = (spec: PodSpec, { shutdownTimeout }: RelaySettings): readonly string[] => {
  const grace = spec.terminationGracePeriodSeconds ?? defaultGraceSeconds
  const preStop = Math.max(
    0,
    ...spec.containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0),
  )
  const relay = Math.ceil(parseDuration(shutdownTimeout!) / 1000)
  if (preStop + relay < grace) return []
  const needs =
    preStop > 0 ? `preStop ${preStop} s and shutdown-timeout ${relay} s` : `shutdown-timeout ${relay} s`
  return [
    `terminationGracePeriodSeconds ${grace} is not more than ${needs}: requests in flight may be cut off. Make it ${preStop + relay + 5}, or shorten ${annotationPrefix}shutdown-timeout`,
  ]
}
