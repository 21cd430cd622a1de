import type { RetrySpec, RouteSpec } from '../api/fan-out-route.ts'
import type { FieldPath } from '../api/problem.ts'
import type { Finding, Report } from './finding.ts'
import { formatMs } from './format.ts'
import { boundMsOf, canWrite, methodsOf } from './leg-facts.ts'
import type { PlannedLeg, PlannedRetry, ServedRoute } from './types.ts'

type Retried = PlannedLeg & { readonly retry: PlannedRetry }

/** A leg that is retried, with what its author wrote about that. */
interface Case {
  readonly leg: Retried
  readonly own: RetrySpec | undefined
  readonly path: FieldPath
}

/** What is said about retries and hardly meant: FR0107, FR0119, FR0120, FR0121. */
export const warnAboutRetries = (spec: RouteSpec, route: ServedRoute, report: Report): void => {
  const cases = spec.upstreams.flatMap(({ retry: own }, i): Case[] => {
    const leg = route.legs[i]!
    return isRetried(leg) ? [{ leg, own, path: ['spec', 'upstreams', i, 'retry'] }] : []
  })
  warnAboutUnused(spec, route, cases, report)
  warnAboutBudget(spec, route, report)
  const merged = mergeByPlace(report)
  for (const found of cases) {
    warnAboutWrites(spec, route, found, merged.report)
    warnAboutFields(spec, route, found, merged.report)
    warnAboutTime(spec, route, found, report)
  }
  merged.end()
}

const isRetried = (leg: PlannedLeg): leg is Retried => leg.retry !== undefined

/** Where a field of a leg's retry stands, or the nearest thing that brought it about. */
const placeOf = ({ own, path }: Case, spec: RouteSpec, field: keyof RetrySpec): FieldPath => {
  if (own?.[field] !== undefined) return [...path, field]
  if (spec.retry?.[field] !== undefined) return ['spec', 'retry', field]
  return own === undefined ? ['spec', 'retry'] : path
}

type About = (names: string) => Omit<Finding, 'path' | 'code'>

/** One finding for a cause: what a route says for several legs is reported once, with their names. */
const mergeByPlace = (report: Report) => {
  const found = new Map<string, { code: string; path: FieldPath; names: string[]; about: About }>()
  return {
    report: (code: string, path: FieldPath, name: string, about: About): void => {
      const key = `${code} ${path.join('.')} ${about('').message}`
      const known = found.get(key)
      if (known) known.names.push(name)
      else found.set(key, { code, path, names: [name], about })
    },
    end: (): void => {
      for (const { code, path, names, about } of found.values())
        report({ code, path, ...about(names.join(', ')) })
    },
  }
}

type Merged = ReturnType<typeof mergeByPlace>['report']

/** FR0107 and FR0119: requests that may change something. */
const warnAboutWrites = (spec: RouteSpec, route: ServedRoute, found: Case, report: Merged): void => {
  const { leg } = found
  const { retry } = leg
  const key = route.idempotencyKey
  if (!canWrite(leg, route)) return
  if (retry.nonIdempotent) {
    if (key?.generate) return
    report('FR0119', placeOf(found, spec, 'nonIdempotent'), leg.name, names => ({
      message: `nonIdempotent: ${names} may get a write twice, and ${key ? 'a request that brings no key' : 'without an idempotency key it'} cannot be told from a new one`,
      fix: key
        ? 'set idempotencyKey.generate: true, and remove nonIdempotent'
        : 'use idempotencyKey: {} in its place, if the upstream knows keys',
    }))
    return
  }
  // What was never sent is retried in any case.
  const unsentAlone = retry.codes.length === 0 && retry.on.every(trigger => trigger === 'ConnectFailure')
  if (key || unsentAlone) return
  const methods = writesOf(leg, route)
  report('FR0107', placeOf(found, spec, 'attempts'), leg.name, names => ({
    message: `retries to ${names} will not happen for ${methods} without an idempotency key, unless the connection failed`,
    fix: 'add spec.idempotencyKey: {}, match GET alone, or set attempts: 0',
  }))
}

const writesOf = (leg: PlannedLeg, route: ServedRoute): string => {
  const methods = methodsOf(leg, route)
  if (methods.includes(undefined)) return 'POST, PUT, PATCH and DELETE'
  const writes = ['POST', 'PUT', 'PATCH', 'DELETE'].filter(method => methods.includes(method))
  return writes.length === 1 ? writes[0]! : `${writes.slice(0, -1).join(', ')} and ${writes.at(-1)}`
}

/** FR0120: settings of a leg that is retried, and which decide nothing there. */
const warnAboutFields = (spec: RouteSpec, route: ServedRoute, found: Case, report: Merged): void => {
  const { leg, own } = found
  const { retry } = leg
  const isWritten = (field: keyof RetrySpec): boolean => (own?.[field] ?? spec.retry?.[field]) !== undefined
  const warn = (field: keyof RetrySpec, about: About): void =>
    report('FR0120', placeOf(found, spec, field), leg.name, about)

  if (retry.codes.length === 0 && retry.on.length === 0) {
    warn('codes', names => ({
      message: `with codes: [] and on: [] nothing that happens to ${names} is worth a retry`,
      fix: 'list statuses in codes or failures in on, or set attempts: 0',
    }))
  } else if (retry.codes.length === 0 && isWritten('retryAfterMax')) {
    warn('retryAfterMax', names => ({
      message: `retryAfterMax has no effect on ${names}: with codes: [] no answer is retried, whatever its Retry-After`,
      fix: 'list statuses in codes, or remove retryAfterMax',
    }))
  }
  if (retry.backoffMs === 0 && isWritten('backoff') && isWritten('maxBackoff')) {
    warn('maxBackoff', names => ({
      message: `maxBackoff has no effect on ${names}: with backoff: 0s there is no wait to bound`,
      fix: 'raise backoff, or remove maxBackoff',
    }))
  }
  const covered = retry.on.includes('Timeout') && retry.on.includes('ConnectFailure')
  if (covered && isWritten('on') && leg.attemptTimeoutMs === 0) {
    warn('on', names => ({
      message: `Timeout has no effect on ${names}: without backendRequest no attempt times out, and connecting is a ConnectFailure`,
      fix: 'set timeouts.backendRequest, or leave Timeout out',
    }))
  }
  if (retry.nonIdempotent && (!canWrite(leg, route) || route.idempotencyKey?.generate)) {
    const why = canWrite(leg, route) ? 'carries a key' : 'is GET, HEAD or OPTIONS'
    warn('nonIdempotent', names => ({
      message: `nonIdempotent has no effect on ${names}: every request ${why} and is retried anyway`,
      fix: 'remove nonIdempotent',
    }))
  }
}

/** FR0120: settings that no leg takes over, or of a leg that is never retried. */
const warnAboutUnused = (
  spec: RouteSpec,
  route: ServedRoute,
  cases: readonly Case[],
  report: Report,
): void => {
  spec.upstreams.forEach(({ name, retry }, i) => {
    const [first, ...more] = settingsOf(retry)
    if (first === undefined || route.legs[i]!.retry) return
    report({
      code: 'FR0120',
      path: ['spec', 'upstreams', i, 'retry', first],
      message: `${listOf([first, ...more])} no effect: with attempts: 0 ${name} is never retried`,
      fix: 'raise attempts, or leave attempts: 0 alone',
    })
  })
  const unused = settingsOf(spec.retry).filter(field => cases.every(({ own }) => own?.[field] !== undefined))
  if (unused.length === 0) return
  report({
    code: 'FR0120',
    path: ['spec', 'retry', unused[0]!],
    message: `${listOf(unused)} no effect: ${cases.length > 0 ? 'every upstream that is retried has its own' : 'no upstream is retried'}`,
    fix: cases.length > 0 ? 'take it out of spec.retry' : 'raise attempts, or leave attempts: 0 alone',
  })
}

/** What is written beside `attempts`, which has its effect in any case. */
const settingsOf = (retry: RetrySpec | undefined): readonly (keyof RetrySpec)[] =>
  retry === undefined
    ? []
    : (Object.keys(retry) as (keyof RetrySpec)[]).filter(
        field => field !== 'attempts' && retry[field] !== undefined,
      )

const listOf = (fields: readonly string[]): string =>
  `${fields.join(', ')} ${fields.length === 1 ? 'has' : 'have'}`

const warnAboutBudget = (spec: RouteSpec, { retryBudget }: ServedRoute, report: Report): void => {
  if (spec.retryBudget === undefined) return
  if (retryBudget === undefined) {
    report({
      code: 'FR0120',
      path: ['spec', 'retryBudget'],
      message: 'retryBudget has no effect: with attempts: 0 nothing is retried, and nothing is hedged',
      fix: 'raise attempts, or remove retryBudget',
    })
  } else if (retryBudget.percent === 0 && retryBudget.minPerSecond === 0) {
    report({
      code: 'FR0120',
      path: ['spec', 'retryBudget'],
      message: 'percent: 0 and minPerSecond: 0 let no retry and no hedge through',
      fix: 'raise one of them, or remove retry and hedge',
    })
  }
}

/** FR0121: retries for which there is no time left. */
const warnAboutTime = (spec: RouteSpec, route: ServedRoute, found: Case, report: Report): void => {
  const { leg } = found
  const boundMs = boundMsOf(leg, route)
  if (boundMs === Number.POSITIVE_INFINITY) return
  warnAboutTries(spec, found, boundMs, report)
  // With full jitter the wait is anything between nothing and the bound: half of it on average.
  const expectedMs = leg.retry.backoffMs / 2
  if (expectedMs < boundMs) return
  report({
    code: 'FR0121',
    path: placeOf(found, spec, 'backoff'),
    message: `hardly any retry to ${leg.name} begins: the wait before it is ${formatMs(expectedMs)} on average, and all tries end after ${formatMs(boundMs)}`,
    fix: `set backoff well below ${formatMs(boundMs)}, or lengthen request`,
  })
}

/** The shortest wait is none, so only the tries themselves are certain to take time. */
const warnAboutTries = (spec: RouteSpec, found: Case, boundMs: number, report: Report): void => {
  const { attemptTimeoutMs, retry, name } = found.leg
  if (attemptTimeoutMs === 0 || !retry.on.includes('Timeout')) return
  const possible = Math.ceil(boundMs / attemptTimeoutMs) - 1
  if (possible >= retry.attempts) return
  const count = possible === 0 ? 'no retry' : `${possible} of ${retry.attempts} retries`
  report({
    code: 'FR0121',
    path: placeOf(found, spec, 'attempts'),
    message: `when ${name} times out, ${count} can begin: a try may take ${formatMs(attemptTimeoutMs)}, and all of them end after ${formatMs(boundMs)}`,
    fix: `shorten backendRequest below ${formatMs(Math.floor(boundMs / retry.attempts))}, lengthen request, or lower attempts`,
  })
}
