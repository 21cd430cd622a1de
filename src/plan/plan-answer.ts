import type { RouteSpec, UpstreamSpec } from '../api/fan-out-route.ts'
import type { PlannedAnswer } from './types.ts'

const defaultStatuses: PlannedAnswer['statuses'] = { success: 200, partial: 207, failed: 502 }

/** Who decides and what the caller gets, with the defaults that depend on the upstreams. */
export const planAnswer = ({ upstreams, response }: RouteSpec): PlannedAnswer => {
  const only = onlyAwaited(upstreams)
  if (response === undefined) {
    return only === -1
      ? { success: 'All', quorum: 0, from: -1, body: 'Envelope', statuses: defaultStatuses }
      : { success: 'Primary', quorum: 0, from: only, body: 'Upstream', statuses: defaultStatuses }
  }
  const { success, quorum = 0, from, statuses } = response
  const byOne = success === 'First' || success === 'Primary'
  const body = response.body ?? (byOne ? 'Upstream' : 'Envelope')
  const needsFrom = success === 'Primary' || (body === 'Upstream' && success !== 'First')
  const named = from === undefined ? only : upstreams.findIndex(({ name }) => name === from)
  return { success, quorum, from: needsFrom ? named : -1, body, statuses: statuses ?? defaultStatuses }
}

/** Index of the one upstream that is awaited, or -1 when there are several. */
const onlyAwaited = (upstreams: readonly UpstreamSpec[]): number => {
  const awaited = upstreams.flatMap(({ role }, i) => (role === 'Shadow' ? [] : [i]))
  return awaited.length === 1 ? awaited[0]! : -1
}
