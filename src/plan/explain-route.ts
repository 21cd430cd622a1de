import { legPolicySettings, routePolicySettings } from './explain-policies.ts'
import { mostSent, type Repeated, worstCaseMs } from './explain-worst-case.ts'
import type { ExplainedLeg, ExplainedRoute, Explanation, Provenance, Setting } from './explanation.ts'
import { formatBytes, formatMs } from './format.ts'
import { replacePrefix } from './match.ts'
import type { PlannedLeg, PlannedMatch, ServedRoute } from './types.ts'

/** Effective values of a route for one request, each with the field it comes from. */
export const explainRoute = (
  route: ServedRoute,
  match: PlannedMatch,
  request: Explanation['request'] & Repeated,
): ExplainedRoute => {
  const origin = provenance(route.written)
  return {
    settings: routeSettings(route, origin),
    legs: route.legs.map((leg, i) => explainLeg(leg, i, match, request, origin)),
    upstreamRequests: {
      least: route.legs.filter(({ sample }) => sample === undefined).length,
      most: route.legs.reduce((sum, leg) => sum + mostSent(leg, route, request), 0),
    },
    retryBudget: route.retryBudget,
    worstCaseMs: worstCaseMs(route),
  }
}

const provenance = (written: readonly string[] | undefined): Provenance => {
  if (written === undefined) return () => 'unknown'
  return (...fields) => fields.find(field => written.some(leaf => isAtOrBelow(leaf, field))) ?? 'default'
}

const isAtOrBelow = (leaf: string, field: string): boolean =>
  leaf.startsWith(field) && (leaf.length === field.length || '.['.includes(leaf[field.length]!))

const routeSettings = (route: ServedRoute, from: Provenance): readonly Setting[] => {
  const { success, quorum, from: index, body, statuses } = route.answer
  const leg = route.legs[index]
  const settings: (Setting | undefined)[] = [
    {
      name: 'timeouts.request',
      value: formatMs(route.requestTimeoutMs),
      from: from('spec.timeouts.request'),
    },
    {
      name: 'body limit',
      value: `${formatBytes(route.maxBodyBytes)}, then ${route.onOversize}`,
      from: from('spec.limits.maxBodySize', 'spec.limits.onOversize'),
    },
    {
      name: 'success',
      value: success === 'Quorum' ? `Quorum of ${quorum}` : success,
      from: from('spec.response.success'),
    },
    leg && { name: 'from', value: leg.name, from: from('spec.response.from') },
    { name: 'body', value: body, from: from('spec.response.body') },
    body === 'Upstream'
      ? undefined
      : {
          name: 'statuses',
          value: `${statuses.success} / ${statuses.partial} / ${statuses.failed}`,
          from: from('spec.response.statuses'),
        },
    ...routePolicySettings(route, from),
  ]
  return settings.filter(setting => setting !== undefined)
}

const explainLeg = (
  leg: PlannedLeg,
  index: number,
  match: PlannedMatch,
  request: Explanation['request'],
  from: Provenance,
): ExplainedLeg => {
  const field = `spec.upstreams[${index}]`
  const settings: (Setting | undefined)[] = [
    leg.host === undefined
      ? undefined
      : { name: 'host', value: leg.host, from: from(`${field}.request.urlRewrite.hostname`) },
    {
      name: 'timeouts.backendRequest',
      value: formatMs(leg.attemptTimeoutMs),
      from: from(`${field}.timeouts.backendRequest`, 'spec.timeouts.backendRequest'),
    },
    {
      name: 'timeouts.request',
      value: formatMs(leg.legTimeoutMs),
      from: from(`${field}.timeouts.request`, 'spec.timeouts.request'),
    },
    leg.role === 'Shadow'
      ? { name: 'sampled', value: sampleInWords(leg), from: from(`${field}.percent`) }
      : undefined,
    ...legPolicySettings(leg, field, from),
  ]
  return {
    name: leg.name,
    role: leg.role,
    method: leg.method ?? request.method,
    url: leg.origin + pathOf(leg, match, request),
    settings: settings.filter(setting => setting !== undefined),
  }
}

const sampleInWords = ({ sample }: PlannedLeg): string => {
  if (sample === undefined) return '100 %'
  return sample.header === undefined ? `${sample.percent} %` : `${sample.percent} % by ${sample.header}`
}

const pathOf = ({ path }: PlannedLeg, match: PlannedMatch, request: Explanation['request']): string => {
  switch (path.kind) {
    case 'keep':
      return request.path + request.query
    case 'prefix':
      return replacePrefix(request.path, match.path.value, path.replacement) + request.query
    case 'full': {
      if (request.query.length <= 1) return path.path + path.query
      return path.path + (path.query === '' ? request.query : `${path.query}&${request.query.slice(1)}`)
    }
  }
}
