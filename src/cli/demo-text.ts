/** One of the four orders to try. */
interface Trial {
  readonly what: string
  readonly fields: Readonly<Record<string, unknown>>
}

const trials: readonly Trial[] = [
  { what: 'Nothing fails: X-FanOut-Status: success, after about 2 s, not 3.5 s', fields: {} },
  { what: 'Inventory fails: partial_success', fields: { fail_inventory: true } },
  { what: 'The CRM fails: partial_success', fields: { fail_crm: true } },
  { what: 'Both fail: failed', fields: { fail_inventory: true, fail_crm: true } },
]

/** What the demo tells once everything listens. */
export const renderDemo = (addresses: {
  /** `127.0.0.1:4780` */
  readonly data: string
  readonly admin: string
  /** Where the routes are read from. */
  readonly routes: string
}): string =>
  [
    '',
    'The demo is running: an order is sent to two APIs at once.',
    '  inventory takes 2 s, CRM takes 1.5 s; either fails when the order asks for it.',
    '',
    'Try, in another terminal:',
    ...trials.flatMap(({ what, fields }) => ['', `  # ${what}`, `  ${curl(addresses.data, fields)}`]),
    '',
    `Failures: http://${addresses.admin}/api/v1/failures`,
    `Overview: http://${addresses.admin}/api/v1/overview`,
    `Route:    ${addresses.routes} (edit it: the relay follows changes)`,
    'Ctrl-C stops everything.',
    '',
  ].join('\n')

const curl = (address: string, fields: Trial['fields']): string => {
  const order = JSON.stringify({ order_id: 'A-1', ...fields })
  return `curl -i -w '\\n%{time_total} s\\n' http://${address}/orders -H 'Content-Type: application/json' -d '${order}'`
}
