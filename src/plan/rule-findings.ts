import { CelScalar, celEnv, isCelError, parse, plan } from '@bufbuild/cel'
import { labelRequirementRules, labelSelectorRules } from '../api/label-rules.ts'
import {
  circuitBreakerRules,
  hedgeRules,
  idempotencyKeyRules,
  inheritedRetryRules,
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
import { readPath } from './read-path.ts'
import { type Readable, within } from './readable.ts'
import { exampleOf, routeFields } from './schema-fields.ts'

/** Runs every rule on every part of a route that could be read. */
export const checkRules = ({ ruled, workloadSelector }: Draft, report: Report): void => {
  const check = (
    rules: readonly CompiledRule[],
    { value: self, broken }: Readable<unknown>,
    path: FieldPath,
  ): void => {
    if (self === undefined) return
    for (const rule of rules) {
      // Most rules are about a field that most routes do not have: those cost nothing.
      if (rule.when !== undefined && !hasField(self, rule.when)) continue
      if (broken.some(brokenPath => rule.dependsOn(brokenPath)) || rule.holds()(self)) continue
      const { code, message } = rule
      for (const place of placesOf(rule, self)) {
        const field = [...path, ...place]
        const fix = rule.fixAt(field)
        report({ code, path: field, message, ...(fix !== undefined && { fix }) })
      }
    }
  }
  check(compiled.spec, ruled.spec, ['spec'])
  check(compiled.timeouts, ruled.timeouts, ['spec', 'timeouts'])
  check(compiled.retry, ruled.retry, ['spec', 'retry'])
  check(compiled.rateLimit, ruled.rateLimit, ['spec', 'rateLimit'])
  check(compiled.idempotencyKey, ruled.idempotencyKey, ['spec', 'idempotencyKey'])
  check(compiled.response, ruled.response, ['spec', 'response'])
  check(compiled.labelSelector, { value: workloadSelector, broken: [] }, ['spec', 'workloadSelector'])
  workloadSelector?.matchExpressions?.forEach((value, i) => {
    const path = ['spec', 'workloadSelector', 'matchExpressions', i]
    check(compiled.labelRequirement, { value, broken: [] }, path)
  })
  ruled.matches.forEach((match, i) => {
    check(compiled.pathMatch, within(match, 'path'), ['spec', 'matches', i, 'path'])
  })
  ruled.upstreams.forEach((upstream, i) => {
    const path = ['spec', 'upstreams', i]
    check(compiled.upstream, upstream, path)
    check(compiled.timeouts, within(upstream, 'timeouts'), [...path, 'timeouts'])
    check(compiled.retry, within(upstream, 'retry'), [...path, 'retry'])
    check(compiled.circuitBreaker, within(upstream, 'circuitBreaker'), [...path, 'circuitBreaker'])
    check(compiled.rateLimit, within(upstream, 'rateLimit'), [...path, 'rateLimit'])
    check(compiled.hedge, within(upstream, 'hedge'), [...path, 'hedge'])
    const rewrite = within(within(within(upstream, 'request'), 'urlRewrite'), 'path')
    check(compiled.pathRewrite, rewrite, [...path, 'request', 'urlRewrite', 'path'])
  })
}

/** Where a rule that does not hold is broken. One about each entry of a list is asked about each alone. */
const placesOf = ({ each, field, holds }: CompiledRule, self: unknown): readonly FieldPath[] => {
  if (each === undefined) return [field]
  const entries = readPath(self, [each]) as readonly unknown[]
  const places = entries.flatMap((entry, i) =>
    holds()({ ...(self as object), [each]: [entry] }) ? [] : [[each, i, ...field]],
  )
  return places.length > 0 ? places : [[each]]
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
  readonly fixAt: (path: FieldPath) => string | undefined
  /** Whether the rule looks at that field of `self`: what it says is then about a default. */
  readonly dependsOn: (path: FieldPath) => boolean
  /** Compiles on first use, once in a process: verbs that read no route pay nothing. */
  readonly holds: () => (self: unknown) => boolean
}

const timeFix = (path: FieldPath): string => {
  const example = exampleOf(routeFields().at(path))
  return `write a time within these bounds, for example ${path.at(-1)}: ${example}`
}

const mentions = (expression: string): CompiledRule['dependsOn'] => {
  const words = lazy(() => new Set(expression.match(/\w+/g)))
  return path => path.every(step => typeof step === 'number' || words().has(step))
}

const environment = lazy(() => celEnv({ variables: { self: CelScalar.DYN } }))

const compile = (rule: Rule): CompiledRule => ({
  ...rule,
  field: rule.field ?? fields[rule.code] ?? (rule.when === undefined ? [] : [rule.when]),
  fixAt: path => rule.fix ?? (rule.code === 'FR0052' ? timeFix(path) : undefined),
  dependsOn: mentions(expressionOf(rule)),
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
  spec: [...specRules, ...retryBudgetRules, ...inheritedRetryRules].map(compile),
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
