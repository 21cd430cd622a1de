import type { RouteSpec } from '../api/fan-out-route.ts'
import { parseByteSize, parseDuration } from '../api/scalars.ts'
import type { RouteResource } from '../api/snapshot.ts'
import { checkDuplicates } from './check-duplicates.ts'
import { type Draft, readDraft } from './draft.ts'
import { type Finding, isError, type Report } from './finding.ts'
import { leftOut } from './left-out.ts'
import { planAnswer } from './plan-answer.ts'
import { planLeg } from './plan-leg.ts'
import { planMatch } from './plan-match.ts'
import { planIdempotencyKey, planRateLimit, planRetryBudget } from './plan-policies.ts'
import { warnAboutPolicies } from './policy-warnings.ts'
import { readingFindings } from './reading-findings.ts'
import { routeIdentity } from './route-identity.ts'
import { warnAboutRoute } from './route-warnings.ts'
import { checkRules } from './rule-findings.ts'
import { salvage } from './salvage.ts'
import type { BrokenRoute, PlannedLeg, PlannedMatch, ServedRoute } from './types.ts'
import { writtenFields } from './written-fields.ts'

/** What became of one resource by itself, whatever the others are. */
export interface RouteResult {
  /** `undefined` = neither valid nor readable enough to know which requests it is for. */
  readonly route: ServedRoute | BrokenRoute | undefined
  /** In the order in which they stand in the file. */
  readonly findings: readonly Finding[]
}

export interface RouteContext {
  readonly backends: ReadonlyMap<string, string> | undefined
  /** Found before the resource was looked into, such as a second one of its name. */
  readonly findings: readonly Finding[]
}

/** Validates and resolves one resource. Never throws, whatever the object is. */
export const planRoute = (
  resource: RouteResource,
  { backends, findings: given }: RouteContext,
): RouteResult => {
  const findings = [...given]
  const report: Report = finding => findings.push(finding)

  const draft = readDraft(resource.object, report)
  findings.push(...readingFindings(resource, findings, { inCluster: backends === undefined }))
  checkRules(draft, report)
  checkDuplicates(draft, report)
  const matches = draft.matches.map((match, i) => match && planMatch(match, ['spec', 'matches', i], report))
  checkPrefixRewrites(draft, matches, report)
  const target = { namespace: resource.namespace, backends }
  const legs = draft.upstreams.map(
    (upstream, i) => upstream && planLeg(upstream, draft, ['spec', 'upstreams', i], target, report),
  )

  const { spec } = draft
  if (spec && !findings.some(isError)) {
    // Whatever could not be planned has been reported, so nothing is missing here.
    const route = served(resource, draft.object, spec, matches as PlannedMatch[], legs as PlannedLeg[])
    warnAboutRoute(spec, route.legs, route.answer, report)
    warnAboutPolicies(spec, route, report)
    return { route, findings: inFileOrder(resource, findings) }
  }
  const ordered = inFileOrder(resource, findings)
  const saved = salvage(resource, draft, matches, ordered)
  if ('culprit' in saved) return { route: undefined, findings: [...ordered, leftOut(saved.culprit)] }
  return { route: saved.route, findings: ordered }
}

const served = (
  resource: RouteResource,
  object: unknown,
  spec: RouteSpec,
  matches: readonly PlannedMatch[],
  legs: readonly PlannedLeg[],
): ServedRoute => ({
  kind: 'served',
  ...routeIdentity(resource),
  hostnames: spec.hostnames ?? [],
  matches,
  requestTimeoutMs: parseDuration(spec.timeouts.request),
  maxBodyBytes: parseByteSize(spec.limits.maxBodySize),
  onOversize: spec.limits.onOversize,
  rateLimit: spec.rateLimit && planRateLimit(spec.rateLimit),
  retryBudget: planRetryBudget(spec.retryBudget, legs),
  idempotencyKey: planIdempotencyKey(spec.idempotencyKey),
  legs,
  answer: planAnswer(spec),
  written: writtenFields(object),
})

/** FR0043: only a PathPrefix has a prefix to replace. */
const checkPrefixRewrites = (
  { upstreams }: Draft,
  matches: readonly (PlannedMatch | undefined)[],
  report: Report,
): void => {
  const other = matches.findIndex(match => match && match.path.type !== 'PathPrefix')
  if (other === -1) return
  upstreams.forEach((upstream, i) => {
    if (upstream?.request?.urlRewrite?.path?.type !== 'ReplacePrefixMatch') return
    report({
      code: 'FR0043',
      path: ['spec', 'upstreams', i, 'request', 'urlRewrite', 'path', 'type'],
      message: `ReplacePrefixMatch has nothing to replace: spec.matches[${other}] is ${matches[other]!.path.type}, not PathPrefix`,
      fix: 'use PathPrefix in every match of this route, or type: ReplaceFullPath',
    })
  })
}

/** By line and column where they are known, otherwise as found. */
const inFileOrder = (resource: RouteResource, findings: readonly Finding[]): readonly Finding[] =>
  findings
    .map(finding => ({ finding, at: resource.locate?.(finding.path) }))
    .sort((a, b) => (a.at && b.at ? a.at.line - b.at.line || a.at.column - b.at.column : 0))
    .map(({ finding }) => finding)
