import { expect, it, onTestFinished } from 'vitest'
import { factValue } from '../../src/check/fact.ts'
import { gatherFacts } from '../../src/check/gather.ts'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import * as given from './support/facts.ts'
import { type Answer, kubeconfigTo, listOf, startScriptedApi } from './support/scripted-api.ts'

const { signal } = new AbortController()
const services = (namespace: string) => `/api/v1/namespaces/${namespace}/services`
const endpoints = (namespace: string) => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
const apps = '/apis/apps/v1/namespaces/shop'

const upstream = (name: string, namespace?: string) => ({ name, backendRef: { name, namespace, port: 8080 } })
const route = given.route('orders', {}, { upstreams: [upstream('inventory'), upstream('crm', 'sales')] })
const world: Readonly<Record<string, Answer>> = {
  '/version': { gitVersion: 'v1.35.1' },
  '/apis/fanoutrelay.dev/v1alpha1/namespaces/shop/fanoutroutes': listOf(route),
  [services('shop')]: listOf(given.service('inventory')),
  [services('sales')]: listOf(given.service('crm', 'sales')),
  [endpoints('shop')]: listOf(given.slice('inventory')),
  [endpoints('sales')]: listOf(given.slice('crm', 'sales')),
  [`${apps}/deployments`]: listOf(given.deployment('checkout')),
}

/** What is read about namespace `shop`. */
const gather = async (changes: Readonly<Record<string, Answer>> = {}) => {
  const { url } = await startScriptedApi({ ...world, ...changes })
  const client = await loadCluster({ kubeconfig: kubeconfigTo(url) })
  onTestFinished(() => client.close())
  return gatherFacts(client, { namespace: 'shop', signal })
}
const names = (objects: readonly { readonly metadata: { readonly name: string } }[] | undefined) =>
  objects?.map(({ metadata }) => metadata.name)

it('reads Services and endpoints of every namespace that the routes of one send to', async () => {
  const facts = await gather()
  expect(names(factValue(facts.services))).toEqual(['inventory', 'crm'])
  expect(names(factValue(facts.endpoints))).toEqual(['inventory-x', 'crm-x'])
})

it.each([
  ['services', { [services('sales')]: 403 }],
  ['endpoints', { [endpoints('sales')]: 403 }],
  ['workloads', { [`${apps}/statefulsets`]: 403 }],
] as const)('knows %s as unread when a part of them may not be read', async (fact, changes) => {
  expect((await gather(changes))[fact]).toMatchObject({ kind: 'unread', reason: 'forbidden' })
})

it('takes a part that is not there for an empty one', async () => {
  const facts = await gather({ [services('sales')]: 404 })
  expect(names(factValue(facts.services))).toEqual(['inventory'])
  expect(factValue(facts.workloads)).toMatchObject([{ kind: 'Deployment', metadata: { name: 'checkout' } }])
})
