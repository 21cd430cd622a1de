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
  upstreamSkipped: family(
    'counter',
    'fanout_upstream_skipped_total',
    'Copies that were not sent, or not to their end.',
    ['route', 'upstream', 'role', 'reason'],
  ),
  reloads: family('counter', 'fanout_config_reloads_total', 'Configurations that were read.', ['result']),
  lastReloadSuccess: family(
    'gauge',
    'fanout_config_last_reload_success_timestamp_seconds',
    'When a configuration was last taken over without a refused route.',
  ),
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
