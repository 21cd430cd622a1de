import { countRouteStates } from '../admin/route-state.ts'
import type { LastReload } from '../admin/sources.ts'
import type { Problem } from '../api/problem.ts'
import type { RouteSnapshot } from '../api/snapshot.ts'
import type { ReloadResult } from '../core/figures.ts'
import type { Logger } from '../core/logger.ts'
import { createPlanner } from '../plan/planner.ts'
import { rankMatches } from '../plan/precedence.ts'
import type { PlanResult, RelayPlan } from '../plan/types.ts'
import { buildTable, type TableParts } from '../relay/build-table.ts'
import type { TableHolder } from '../relay/table-holder.ts'
import type { Metrics } from '../telemetry/metrics/metrics.ts'
import { routesWithGlobalLimits } from './unshared-limits.ts'

/** In one log line. */
const maxRoutesNamed = 20

interface ConfigurationParts {
  readonly tables: TableHolder
  readonly tableParts: TableParts
  readonly metrics: Metrics
  readonly logger: Logger
}

/** Takes snapshots from a source to the table in use, and remembers how that went. */
export class Configuration {
  planned: PlanResult | undefined
  lastReload: LastReload | undefined
  #isServable = false
  readonly #parts: ConfigurationParts
  readonly #plan = createPlanner()
  #reported = new Set<string>()
  #unshared = ''

  constructor(parts: ConfigurationParts) {
    this.#parts = parts
  }

  /**
   * True from the first snapshot on that has a valid route, or nothing wrong: later ones cannot take it back. In a
   * cluster any snapshot will do. A bad route says so in its status; it must not keep the pod's application waiting.
   */
  get isServable(): boolean {
    return this.#isServable
  }

  /** What a probe is told. */
  get readiness(): string {
    if (this.#isServable) return 'loaded'
    return this.planned ? 'refused: not one is valid; the log says what is wrong' : 'loading'
  }

  /** Plans the snapshot and swaps the table in if anything changed; never throws on what a snapshot holds. */
  take(snapshot: RouteSnapshot): void {
    const { tables, tableParts, metrics, logger } = this.#parts
    const previous = this.planned
    const planned = this.#plan(snapshot)
    const { plan, problems } = planned
    this.planned = planned
    const changed = plan.revision !== previous?.plan.revision
    if (changed) {
      tables.swap(buildTable(plan, rankMatches(plan), tableParts))
      metrics.retain(plan.routes)
    }
    const isServing = plan.routes.some(({ kind }) => kind === 'served')
    const result = resultOf(problems, changed && isServing)
    const isInCluster = snapshot.backends === undefined
    this.#isServable ||= isServing || result === 'success' || isInCluster
    this.lastReload = { timeMs: Date.now(), result }
    metrics.reloaded(result)
    const states = countRouteStates(planned)
    metrics.routeStates(states)
    this.#report(problems)
    if (changed && !tableParts.sharedLimit) this.#warnAboutLimits(plan)
    const { revision } = plan
    const level = result === 'success' ? 'info' : 'warn'
    logger[level]({ revision, result, routes: states }, messageOf(changed, isServing || result === 'success'))
  }

  /** Once for each set of routes: what was asked for is not what happens. */
  #warnAboutLimits(plan: RelayPlan): void {
    const all = routesWithGlobalLimits(plan)
    const routes = all.slice(0, maxRoutesNamed)
    const key = all.join()
    if (key === this.#unshared) return
    this.#unshared = key
    if (all.length === 0) return
    const message =
      'limits of scope Global are not shared: --rate-limit-store is not set, so each relay counts by itself'
    this.#parts.logger.warn({ routes, count: all.length }, message)
  }

  /** Each problem once, until it is mended and comes back. */
  #report(problems: readonly Problem[]): void {
    const reported = new Set<string>()
    for (const problem of problems) {
      const { severity, code, message, fix, route, field, location } = problem
      const at = location && `${location.file}:${location.line}:${location.column}`
      const key = JSON.stringify([code, message, route, field, location?.file])
      reported.add(key)
      if (this.#reported.has(key)) continue
      this.#parts.logger[severity === 'error' ? 'error' : 'warn']({ code, route, at, field, fix }, message)
    }
    this.#reported = reported
  }
}

/** `isTaken`: the plan is another one, and has a route that works. */
const resultOf = (problems: readonly Problem[], isTaken: boolean): ReloadResult => {
  if (!problems.some(({ severity }) => severity === 'error')) return 'success'
  return isTaken ? 'partial' : 'rejected'
}

const messageOf = (changed: boolean, isUsable: boolean): string => {
  if (!isUsable) return 'no route could be loaded'
  return changed ? 'routes loaded' : 'routes unchanged'
}
