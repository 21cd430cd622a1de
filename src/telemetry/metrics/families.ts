import { family } from './family.ts'

/** Every metric of the relay itself, in the order it is exposed. `docs/metrics.md` describes them. */
export const createFamilies = () => ({
  requests: family('counter', 'fanout_requests_total', 'Requests that ended.', [
    'route',
    'method',
    'code',
    'outcome',
  ]),
  requestDuration: family(
    'histogram',
    'fanout_request_duration_seconds',
    'Time from the arrival of a request to the last byte of its answer.',
    ['route', 'outcome'],
  ),
  requestsInFlight: family('gauge', 'fanout_requests_in_flight', 'Requests under way.', ['route']),
  upstreamRequests: family(
    'counter',
    'fanout_upstream_requests_total',
    'Attempts to send a request to an upstream that ended.',
    ['route', 'upstream', 'role', 'code', 'error'],
  ),
  upstreamDuration: family(
    'histogram',
    'fanout_upstream_request_duration_seconds',
    'Time of one attempt, from its start to the last byte of its answer.',
    ['route', 'upstream'],
  ),
  upstreamInFlight: family('gauge', 'fanout_upstream_in_flight', 'Attempts under way.', [
    'route',
    'upstream',
  ]),
  staleConnections: family(
    'counter',
    'fanout_upstream_stale_connections_total',
    'Idle connections that the upstream had closed when a request was put on them, which was sent again on another.',
    ['route', 'upstream'],
  ),
  upstreamSkipped: family(
    'counter',
    'fanout_upstream_skipped_total',
    'Copies that were not sent, or not to their end.',
    ['route', 'upstream', 'role', 'reason'],
  ),
  retries: family(
    'counter',
    'fanout_upstream_retries_total',
    'Requests sent again, by how the attempt before failed.',
    ['route', 'upstream', 'error'],
  ),
  retriesExhausted: family(
    'counter',
    'fanout_upstream_retries_exhausted_total',
    'Requests whose last retry failed as well.',
    ['route', 'upstream'],
  ),
  budgetSpent: family(
    'counter',
    'fanout_retry_budget_exhausted_total',
    'Retries and hedges left out because the budget of the route was spent.',
    ['route', 'upstream'],
  ),
  hedges: family('counter', 'fanout_upstream_hedges_total', 'Attempts started beside one that was slow.', [
    'route',
    'upstream',
  ]),
  breakerState: family(
    'gauge',
    'fanout_circuit_breaker_state',
    'Whether a circuit breaker is in this state (0 or 1).',
    ['route', 'upstream', 'state'],
  ),
  breakerTransitions: family(
    'counter',
    'fanout_circuit_breaker_transitions_total',
    'Changes of a circuit breaker, by the state it went to.',
    ['route', 'upstream', 'to'],
  ),
  rateLimited: family(
    'counter',
    'fanout_rate_limited_total',
    'Requests that a rate limit refused; upstream is empty for the limit of the route itself.',
    ['route', 'upstream'],
  ),
  limitFallbacks: family(
    'counter',
    'fanout_rate_limit_fallbacks_total',
    'Times a shared rate limit could not ask its store and counted by itself.',
    ['route', 'upstream'],
  ),
  upstreamQueued: family('gauge', 'fanout_upstream_queued', 'Attempts that wait for a slot or a token.', [
    'route',
    'upstream',
  ]),
  idempotency: family(
    'counter',
    'fanout_idempotency_total',
    'What became of requests with an idempotency key, and of the answers remembered for them.',
    ['route', 'result'],
  ),
  limitStoreUp: family(
    'gauge',
    'fanout_rate_limit_store_up',
    'Whether the store of shared limits can be reached; absent without one.',
  ),
  reloads: family('counter', 'fanout_config_reloads_total', 'Configurations that were read.', ['result']),
  lastReloadSuccess: family(
    'gauge',
    'fanout_config_last_reload_success_timestamp_seconds',
    'When a configuration was last taken over without a refused route.',
  ),
  idempotencyAnswers: family(
    'gauge',
    'fanout_idempotency_answers',
    'Answers remembered for requests that come again with their key.',
  ),
  idempotencyBytes: family('gauge', 'fanout_idempotency_bytes', 'Memory that remembered answers take.'),
  configSource: family('gauge', 'fanout_config_source', 'Where the routes in use come from.', ['source']),
  configStale: family(
    'gauge',
    'fanout_config_stale_seconds',
    'Time since the API server last confirmed the routes in use.',
  ),
  watchConnected: family('gauge', 'fanout_watch_connected', 'Whether a watch of the API server is open.'),
  watchRestarts: family('counter', 'fanout_watch_restarts_total', 'Watches that were begun anew.', [
    'reason',
  ]),
  watchDrift: family(
    'counter',
    'fanout_watch_drift_total',
    'Changes that a list showed and no watch had brought.',
  ),
  lists: family('counter', 'fanout_list_total', 'Lists of routes that were asked for.', ['result']),
  routes: family('gauge', 'fanout_routes', 'Routes by state.', ['state']),
  routeGeneration: family(
    'gauge',
    'fanout_route_generation',
    'metadata.generation of the route being served.',
    ['route'],
  ),
  buildInfo: family('info', 'fanout_build_info', 'What is running.', ['version', 'revision', 'node']),
  defects: family('counter', 'fanout_defects_total', 'Requests that met a defect of the relay.'),
  seriesDropped: family(
    'counter',
    'fanout_series_dropped_total',
    'Updates counted under "other" because the limit of series was reached.',
  ),
})

export type Families = ReturnType<typeof createFamilies>
