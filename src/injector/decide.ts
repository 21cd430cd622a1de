import { relayContainer } from '../api/labels.ts'
import { conflicts, hostNetworkProblem } from './conflicts.ts'
import { gracePeriodWarning } from './grace-period.ts'
import { misplacedKeys } from './misplaced.ts'
import { namesakeWarning } from './namesake.ts'
import { type Labels, optIn } from './opt-in.ts'
import type { Decision, DenyReason, InjectionProblem, SkipReason } from './outcome.ts'
import { injectionPatch } from './patch.ts'
import type { Pod, PodSpec } from './pod.ts'
import { readSettings } from './read-settings.ts'
import type { SidecarOptions } from './sidecar-options.ts'

/**
 * Whether a pod gets a relay, and how. Pure. A pod that has been through it is skipped the next time, so other
 * webhooks may have it called again (reinvocationPolicy IfNeeded).
 */
export const decide = (pod: Pod, namespaceLabels: Labels, options: SidecarOptions): Decision => {
  const warnings = misplacedKeys(pod)
  const skipped = (reason: SkipReason, ...more: readonly string[]): Decision => ({
    result: 'skipped',
    reason,
    warnings: [...warnings, ...more],
  })
  const denied = (reason: DenyReason, problems: readonly InjectionProblem[]): Decision => ({
    result: 'denied',
    reason,
    problems,
    warnings,
  })

  if (isMirrorPod(pod)) return skipped('mirror_pod')
  const wish = optIn(pod, namespaceLabels)
  if (wish.kind === 'invalid') return denied('invalid_label', [wish.problem])
  if (wish.kind === 'out') return skipped('opted_out')
  if (wish.kind === 'unsaid') return skipped('not_opted_in')
  if (hasRelay(pod.spec)) return skipped('already_injected', ...namesakeWarning(pod, options.image))
  if (isWindows(pod.spec))
    return skipped('windows', 'no relay was injected: it does not run on Windows nodes')
  if (pod.spec.hostNetwork) return denied('host_network', [hostNetworkProblem])
  const { settings, problems } = readSettings(pod.metadata?.annotations, options)
  if (problems.length > 0) return denied('invalid_annotation', problems)
  const clashes = conflicts(pod.spec, settings)
  if (clashes.length > 0) return denied('conflict', clashes)
  return {
    result: 'injected',
    reason: 'opted_in',
    patch: injectionPatch(pod, settings, options),
    warnings: [...warnings, ...gracePeriodWarning(pod.spec, settings)],
  }
}

/** A pod that a kubelet runs from a file; the API server only shows it. */
export const isMirrorPod = ({ metadata }: Pod): boolean =>
  metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined

export const hasRelay = ({ containers, initContainers }: PodSpec): boolean =>
  [...(initContainers ?? []), ...containers].some(({ name }) => name === relayContainer)

export const isWindows = ({ nodeSelector, os }: PodSpec): boolean =>
  os?.name === 'windows' || nodeSelector?.['kubernetes.io/os'] === 'windows'
