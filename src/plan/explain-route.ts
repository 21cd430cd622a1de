import type { ExplainedLeg, ExplainedRoute, Explanation, Setting } from './explanation.ts'
import { formatBytes, formatMs } from './format.ts'
import { replacePrefix } from './match.ts'
import type { PlannedLeg, PlannedMatch, ServedRoute } from './types.ts'

/** Effective values of a route for one request, each with the field it comes from. */
export const explainRoute = (
  route: ServedRoute,
  match: PlannedMatch,
  request: Explanation['request'],
): ExplainedRoute => {
  const origin = provenance(route.written)
  return {
    settings: routeSettings(route, origin),
    legs: route.legs.map((leg, i) => explainLeg(leg, i, match, request, origin)),
    upstreamRequests: {
      least: route.legs.filter(({ sample }) => sample === undefined).length,
      most: route.legs.filter(({ sample }) => sample?.percent !== 0).length,
    },
    worstCaseMs: worstCase(route),
  }
}

/** The first of the fields that the author wrote, from most to least specific. */
type Provenance = (...fields: readonly string[]) => string

const provenance = (written: readonly string[] | undefined): Provenance => {
  if (written === undefined) return () => 'unknown'
  return (...fields) =>
    fields.find(field => written.some(leaf => leaf === field || leaf.startsWith(`${field}.`))) ?? 'default'
}

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

/** Under Primary one leg decides; otherwise the slowest awaited one may. Shadows never count. */
const worstCase = ({ legs, answer, requestTimeoutMs }: ServedRoute): number | undefined => {
  const awaited = legs.filter(({ role }, i) =>
    answer.success === 'Primary' ? i === answer.from : role !== 'Shadow',
  )
  const times = awaited.map(leg => boundOf([leg.attemptTimeoutMs, leg.legTimeoutMs, requestTimeoutMs]))
  const longest = Math.max(...times)
  return Number.isFinite(longest) ? longest : undefined
}

/** The shortest of several timeouts, of which 0 means none. */
const boundOf = (timeouts: readonly number[]): number => Math.min(...timeouts.filter(ms => ms > 0))
