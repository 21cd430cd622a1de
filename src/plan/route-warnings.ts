import type { RouteSpec } from '../api/fan-out-route.ts'
import { parseByteSize, parseDuration } from '../api/scalars.ts'
import type { Report } from './finding.ts'
import type { PlannedAnswer, PlannedLeg } from './types.ts'

/** What is valid and yet hardly meant. `legs` are those of `spec.upstreams`, in the same order. */
export const warnAboutRoute = (
  spec: RouteSpec,
  legs: readonly PlannedLeg[],
  answer: PlannedAnswer,
  report: Report,
): void => {
  if (answer.success === 'All' && !legs.some(({ role }) => role === 'Required')) {
    report({
      code: 'FR0103',
      path: ['spec', 'response', 'success'],
      message: 'success: All with no Required upstream always succeeds, even when every upstream failed',
      fix: 'make an upstream Required, or use success: Any',
    })
  }
  const { failed } = answer.statuses
  if (answer.body === 'Merge' && failed < 400) {
    report({
      code: 'FR0134',
      path: ['spec', 'response', 'statuses', 'failed'],
      message: `a Merge that failed is a problem document, and with status ${failed} callers take it for what they asked for`,
      fix: 'use 400 or above, or body: Envelope, which says itself that it failed',
    })
  }
  warnAboutSampling(spec, report)
  warnAboutTimeouts(spec, report)
  warnAboutMissingBounds(spec, legs, answer, report)
  warnAboutDoubleWrites(spec, legs, report)
  warnAboutMemory(spec, report)
}

const warnAboutSampling = ({ upstreams }: RouteSpec, report: Report): void =>
  upstreams.forEach(({ name, role, percent = 100, sampleBy }, i) => {
    if (role !== 'Shadow') return
    if (percent === 0) {
      report({
        code: 'FR0105',
        path: ['spec', 'upstreams', i, 'percent'],
        message: `percent: 0 means that ${name} never gets a copy`,
        fix: 'raise percent, or remove the upstream',
      })
    }
    if (sampleBy && (percent === 0 || percent === 100)) {
      report({
        code: 'FR0113',
        path: ['spec', 'upstreams', i, 'sampleBy'],
        message: `sampleBy has no effect while ${name} gets ${percent === 0 ? 'no' : 'every'} request`,
        fix: 'set percent between 1 and 99, or remove sampleBy',
      })
    }
  })

const warnAboutTimeouts = ({ timeouts, upstreams }: RouteSpec, report: Report): void => {
  const boundMs = parseDuration(timeouts.request)
  if (boundMs === 0) return
  upstreams.forEach(({ name, role, timeouts: own }, i) => {
    if (role === 'Shadow' || own === undefined) return
    for (const field of ['request', 'backendRequest'] as const) {
      const value = own[field]
      if (value === undefined || parseDuration(value) <= boundMs) continue
      report({
        code: 'FR0106',
        path: ['spec', 'upstreams', i, 'timeouts', field],
        message: `${value} is never reached: the whole request, ${name} included, ends after ${timeouts.request}`,
        fix: `shorten it, or raise spec.timeouts.request above ${timeouts.request}`,
      })
    }
  })
}

/** A stream of events is meant to last, and ends when its caller leaves. */
const isStreamed = ({ role }: PlannedLeg, index: number, { success, from, body }: PlannedAnswer): boolean => {
  if (body !== 'Upstream') return false
  return success === 'Primary' ? index === from : success === 'First' && role !== 'Shadow'
}

const warnAboutMissingBounds = (
  spec: RouteSpec,
  legs: readonly PlannedLeg[],
  answer: PlannedAnswer,
  report: Report,
): void => {
  const bounded = parseDuration(spec.timeouts.request) > 0
  const unbounded = legs.flatMap((leg, i) => {
    const { role, attemptTimeoutMs, legTimeoutMs } = leg
    const isBounded = attemptTimeoutMs + legTimeoutMs > 0 || (role !== 'Shadow' && bounded)
    return isBounded || isStreamed(leg, i, answer) ? [] : [i]
  })
  const fix = 'set backendRequest, or a time for request'
  // One finding for a cause: the route's 0s, or else each shadow's own.
  if (!bounded && unbounded.length > 0) {
    const names = unbounded.map(i => legs[i]!.name).join(', ')
    const message = `nothing bounds ${names}: with request: 0s and no backendRequest it may never end`
    report({ code: 'FR0108', path: ['spec', 'timeouts', 'request'], message, fix })
    return
  }
  for (const i of unbounded) {
    const message = `nothing bounds ${legs[i]!.name}: with request: 0s and no backendRequest it may never end`
    report({ code: 'FR0108', path: ['spec', 'upstreams', i, 'timeouts', 'request'], message, fix })
  }
}

const warnAboutDoubleWrites = (spec: RouteSpec, legs: readonly PlannedLeg[], report: Report): void => {
  const place = ({ origin, host, path }: PlannedLeg): string => JSON.stringify([origin, host, path])
  legs.forEach((leg, i) => {
    if (leg.role !== 'Shadow' || leg.sample?.percent === 0) return
    const twin = legs.find(other => other.role !== 'Shadow' && place(other) === place(leg))
    if (!twin) return
    report({
      code: 'FR0109',
      path: ['spec', 'upstreams', i, spec.upstreams[i]?.url === undefined ? 'backendRef' : 'url'],
      message: `${leg.name} copies requests to the same place as ${twin.name}, which then gets them twice`,
      fix: 'send the shadow to another deployment or another path',
    })
  })
}

const largeBodyBytes = 64 * 1024 * 1024

const warnAboutMemory = ({ limits }: RouteSpec, report: Report): void => {
  if (parseByteSize(limits.maxBodySize) <= largeBodyBytes) return
  report({
    code: 'FR0118',
    path: ['spec', 'limits', 'maxBodySize'],
    message: `bodies of up to ${limits.maxBodySize} are held in memory, one for each request in flight`,
    fix: 'lower it; onOversize: StreamAll streams what is larger instead',
  })
}
