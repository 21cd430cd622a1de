import { CelScalar, celEnv, isCelError, parse, plan } from '@bufbuild/cel'
import { labelRequirementRules, labelSelectorRules } from '../api/label-rules.ts'
import {
  circuitBreakerRules,
  hedgeRules,
  idempotencyKeyRules,
  rateLimitRules,
  retryBudgetRules,
  retryRules,
} from '../api/policy-rules.ts'
import type { FieldPath } from '../api/problem.ts'
import { expressionOf, type Rule } from '../api/rule.ts'
import {
  pathMatchRules,
  pathRewriteRules,
  responseRules,
  specRules,
  timeoutsRules,
  upstreamRules,
} from '../api/rules.ts'
import type { Draft } from './draft.ts'
import type { Report } from './finding.ts'
import { lazy } from './lazy.ts'

/** Runs every rule on every part of a route that could be read. */
export const checkRules = (draft: Draft, report: Report): void => {
  const check = (rules: readonly CompiledRule[], self: unknown, path: FieldPath): void => {
    if (self === undefined) return
    for (const { code, message, field, when, holds } of rules) {
      // Most rules are about a field that most routes do not have: those cost nothing.
      if (when !== undefined && !hasField(self, when)) continue
      if (!holds()(self)) report({ code, path: [...path, ...field], message })
    }
  }
  check(compiled.spec, draft.spec, ['spec'])
  check(compiled.timeouts, draft.timeouts, ['spec', 'timeouts'])
  check(compiled.retry, draft.retry, ['spec', 'retry'])
  check(compiled.rateLimit, draft.rateLimit, ['spec', 'rateLimit'])
  check(compiled.idempotencyKey, draft.idempotencyKey, ['spec', 'idempotencyKey'])
  check(compiled.response, draft.response, ['spec', 'response'])
  check(compiled.labelSelector, draft.workloadSelector, ['spec', 'workloadSelector'])
  draft.workloadSelector?.matchExpressions?.forEach((requirement, i) => {
    const path = ['spec', 'workloadSelector', 'matchExpressions', i]
    check(compiled.labelRequirement, requirement, path)
  })
  draft.matches.forEach((match, i) => {
    check(compiled.pathMatch, match?.path, ['spec', 'matches', i, 'path'])
  })
  draft.upstreams.forEach((upstream, i) => {
    const path = ['spec', 'upstreams', i]
    check(compiled.upstream, upstream, path)
    check(compiled.timeouts, upstream?.timeouts, [...path, 'timeouts'])
    check(compiled.retry, upstream?.retry, [...path, 'retry'])
    check(compiled.circuitBreaker, upstream?.circuitBreaker, [...path, 'circuitBreaker'])
    check(compiled.rateLimit, upstream?.rateLimit, [...path, 'rateLimit'])
    check(compiled.hedge, upstream?.hedge, [...path, 'hedge'])
    const rewrite = upstream?.request?.urlRewrite?.path
    check(compiled.pathRewrite, rewrite, [...path, 'request', 'urlRewrite', 'path'])
  })
}

/** CEL's `has`. */
const hasField = (self: unknown, name: string): boolean =>
  typeof self === 'object' && self !== null && Object.hasOwn(self, name)

/** The field a rule is about, seen from the object it stands on, where that is not the one of its `when`. */
const fields: Readonly<Record<string, FieldPath>> = {
  FR0014: ['request', 'urlRewrite', 'path'],
  FR0015: ['replaceFullPath'],
  FR0016: ['replacePrefixMatch'],
  FR0017: ['value'],
  FR0018: ['value'],
  FR0021: ['quorum'],
  FR0030: ['upstreams'],
  FR0031: ['response', 'from'],
  FR0032: ['response', 'from'],
  FR0033: ['response', 'quorum'],
  FR0034: ['response', 'from'],
  FR0035: ['limits', 'onOversize'],
  FR0061: ['values'],
}

interface CompiledRule extends Rule {
  readonly field: FieldPath
  /** Compiles on first use, once in a process: verbs that read no route pay nothing. */
  readonly holds: () => (self: unknown) => boolean
}

const environment = lazy(() => celEnv({ variables: { self: CelScalar.DYN } }))

const compile = (rule: Rule): CompiledRule => ({
  ...rule,
  field: fields[rule.code] ?? (rule.when === undefined ? [] : [rule.when]),
  holds: lazy(() => {
    const evaluate = plan(environment(), parse(expressionOf(rule)))
    return self => {
      const result = evaluate({ self: self as Parameters<typeof evaluate>[0]['self'] })
      // The API server refuses an object whose rule cannot be evaluated; so do we.
      return !isCelError(result) && result === true
    }
  }),
})

const compiled = {
  spec: [...specRules, ...retryBudgetRules].map(compile),
  timeouts: timeoutsRules.map(compile),
  response: responseRules.map(compile),
  pathMatch: pathMatchRules.map(compile),
  upstream: upstreamRules.map(compile),
  pathRewrite: pathRewriteRules.map(compile),
  retry: retryRules.map(compile),
  rateLimit: rateLimitRules.map(compile),
  circuitBreaker: circuitBreakerRules.map(compile),
  hedge: hedgeRules.map(compile),
  idempotencyKey: idempotencyKeyRules.map(compile),
  labelSelector: labelSelectorRules.map(compile),
  labelRequirement: labelRequirementRules.map(compile),
}
