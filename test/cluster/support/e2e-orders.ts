import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './routes.ts'

/*
 * Versions of examples/orders, which differ in every part of an answer: the paths that both legs are asked for, and
 * the status. Version 0 is the example as it stands.
 */

const example = readFileSync(join(root, 'examples/orders/orders.yaml'), 'utf8')

export const statusOf = (version: number): number => (version === 0 ? 200 : 210 + (version % 80))

export const ordersVersion = (version: number): string =>
  example
    .replace('/inventory/deduct', `/v${version}/inventory/deduct`)
    .replace('/crm/log', `/v${version}/crm/log`)
    .replace('success: Any', `success: Any\n    statuses: {success: ${statusOf(version)}}`)

interface Answer {
  readonly status: number
  readonly body: string
}

/** -1 = no full success, or parts of two versions. */
export const versionOf = ({ status, body }: Answer): number => {
  const { status: whole, results } = JSON.parse(body)
  const path: string = results?.inventory?.body?.inventory ?? ''
  const version = Number(/^\/v(\d+)\//.exec(path)?.[1] ?? 0)
  const prefix = version === 0 ? '' : `/v${version}`
  const isWhole =
    whole === 'success' &&
    status === statusOf(version) &&
    path === `${prefix}/inventory/deduct` &&
    results.crm.body.crm === `${prefix}/crm/log`
  return isWhole ? version : -1
}
