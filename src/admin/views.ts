import { redactRoute, redactSettings } from './redact.ts'
import { countRouteStates } from './route-state.ts'
import type { AdminSources } from './sources.ts'

/** Times are RFC 3339. */
const timeText = (ms: number): string => new Date(ms).toISOString()

export function overview(sources: AdminSources, nowMs: number) {
  const { build, startedAtMs, figures } = sources
  const result = sources.planned()
  const reload = sources.lastReload()
  const problems = result?.problems ?? []
  const total = figures.total()
  return {
    version: build.version,
    startedAt: timeText(startedAtMs),
    uptimeSeconds: Math.floor((nowMs - startedAtMs) / 1000),
    config: {
      revision: result?.plan.revision ?? null,
      lastReload: reload ? { time: timeText(reload.timeMs), result: reload.result } : null,
    },
    routes: countRouteStates(result),
    requests: { total: total.requests, inFlight: total.inFlight },
    problems: {
      errors: problems.filter(({ severity }) => severity === 'error').length,
      warnings: problems.filter(({ severity }) => severity === 'warning').length,
    },
  }
}

export const failures = ({ failures }: AdminSources) =>
  failures.list().map(({ timeMs, durationMs, ...failure }) => ({
    time: timeText(timeMs),
    ...failure,
    durationMs: Math.round(durationMs * 10) / 10,
  }))

export function configuration(sources: AdminSources) {
  const result = sources.planned()
  return {
    settings: redactSettings(sources.settings),
    plan: result ? { ...result.plan, routes: result.plan.routes.map(redactRoute) } : null,
    problems: result?.problems ?? [],
    lastGood: result?.lastGood ?? [],
    overridden: result?.overridden ?? [],
  }
}
