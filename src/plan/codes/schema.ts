import { type CodeEntry, error } from './entry.ts'

/** Found by comparing a resource with the schema. */
export const schemaErrors: readonly CodeEntry[] = [
  error('FR0002', {
    title: 'unknown field',
    why: 'The field is not part of FanOutRoute here: a slip of the pen, a wrong indent, or a field of another version. Unknown fields are refused everywhere, because a policy that is silently ignored is worse than an error.',
    fix: 'Correct the name or move the field where it belongs; `crds/fanoutroutes.yaml` lists every field there is.',
    wrong: 'spec:\n  timeout: {request: 2s}',
    right: 'spec:\n  timeouts: {request: 2s}',
  }),
  error('FR0003', {
    title: 'required field missing',
    why: 'The field has no default, and without it the route has no meaning.',
    fix: 'Add the field.',
    wrong: 'backendRef: {name: inventory}',
    right: 'backendRef: {name: inventory, port: 8080}',
  }),
  error('FR0004', {
    title: 'wrong type',
    why: 'The value is a list, an object, text, a number or a boolean where the schema has another of these. YAML reads unquoted `8080`, `true` and `1.0` as no text.',
    fix: 'Write the type named; put quotes around text that looks like something else.',
    wrong: 'queryParams: [{name: dryRun, value: false}]',
    right: 'queryParams: [{name: dryRun, value: "false"}]',
  }),
  error('FR0005', {
    title: 'invalid value',
    why: 'The value has the right type but is not one of those allowed, is out of range, or does not have the form asked for. Sizes are whole numbers, with Ki, Mi, Gi, k, M, G or nothing behind them; durations need a unit, h, m, s or ms.',
    fix: 'Write a value of the kind the message names.',
    wrong: 'timeouts: {request: 1d}',
    right: 'timeouts: {request: 24h}',
  }),
  error('FR0006', {
    title: 'wrong apiVersion or kind',
    why: 'The resource says that it is written for a schema this relay does not know.',
    fix: 'Write `apiVersion: fanoutrelay.dev/v1alpha1` and `kind: FanOutRoute`, or run a relay that knows the version.',
    wrong: 'apiVersion: fanoutrelay.dev/v1',
    right: 'apiVersion: fanoutrelay.dev/v1alpha1',
  }),
  error('FR0007', {
    title: 'two routes of the same name',
    why: 'Namespace and name identify a route in metrics, logs and status, so two cannot share them. None of the copies is used: which of them should be is not for the relay to guess.',
    fix: 'Rename or remove one of them.',
    wrong: 'metadata: {name: orders}   # in a.yaml and in b.yaml',
    right: 'metadata: {name: orders-v2}   # in b.yaml',
  }),
  error('FR0008', {
    title: 'the same name twice in a list',
    why: 'Entries of this list are told apart by their name; header names are the same in any case.',
    fix: 'Rename or remove one of the entries.',
    wrong: 'headers: [{name: x-tenant, value: a}, {name: X-Tenant, value: b}]',
    right: 'headers: [{name: x-tenant, value: a}]',
  }),
]
