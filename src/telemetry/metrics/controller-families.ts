import { family } from './family.ts'

/** Every metric of the controller, in the order it is exposed. `docs/kubernetes/conditions.md` names them. */
export const createControllerFamilies = () => ({
  leader: family(
    'gauge',
    'fanout_controller_leader',
    'Whether this replica is the one that writes (0 or 1).',
  ),
  reconciles: family(
    'counter',
    'fanout_controller_reconcile_total',
    'Namespaces that were looked at and made as they should be.',
    ['result'],
  ),
  reconcileDuration: family(
    'histogram',
    'fanout_controller_reconcile_duration_seconds',
    'Time to make one namespace as it should be.',
    ['result'],
  ),
  statusWrites: family(
    'counter',
    'fanout_controller_status_writes_total',
    'Statuses of routes that were written.',
  ),
  events: family(
    'counter',
    'fanout_controller_events_total',
    'Events about routes, by what became of them.',
    ['result'],
  ),
  relays: family('gauge', 'fanout_relays', 'Relays by whether they run the routes they are for.', [
    'namespace',
    'state',
  ]),
  uninjected: family('gauge', 'fanout_uninjected_pods', 'Pods that should have a relay and have none.', [
    'namespace',
  ]),
  injectorRequests: family(
    'counter',
    'fanout_injector_requests_total',
    'Pods that the injector was asked about, by what became of them.',
    ['result', 'reason'],
  ),
  certificateExpiry: family(
    'gauge',
    'fanout_injector_certificate_expiry_timestamp_seconds',
    'When the certificate of the injector runs out.',
  ),
  buildInfo: family('info', 'fanout_build_info', 'What is running.', ['version', 'revision', 'node']),
})
