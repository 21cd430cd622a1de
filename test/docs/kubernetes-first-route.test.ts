import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { createJudge } from '../../src/controller/judge-routes.ts'
import { type AskedRelay, relayOf } from '../../src/controller/relays.ts'
import type { PodObject, RouteObject, ServiceObject } from '../../src/controller/resources.ts'
import { statusOf } from '../../src/controller/route-status.ts'
import { decide } from '../../src/injector/decide.ts'
import type { Pod } from '../../src/injector/pod.ts'

/*
 * The page, played through without a cluster: the injector decides about its pods, and the controller about its
 * route, with the Services that the page makes.
 */

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const page = read('docs/kubernetes/first-route.md')
const block = (after: string, language: string): string => {
  const rest = page.slice(page.indexOf(after))
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(rest)![1]!
}

interface Manifest {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Record<string, string>
  }
  readonly spec?: { readonly template?: Pod }
}
const objects = parseAllDocuments(block('Save this as', 'yaml')).map(document => document.toJS() as Manifest)
const named = (kind: string, name: string): Manifest =>
  objects.find(object => object.kind === kind && object.metadata.name === name)!

const namespaceLabels = named('Namespace', 'shop').metadata.labels!
const decisionOn = (deployment: string) =>
  decide(named('Deployment', deployment).spec!.template!, namespaceLabels, { image: 'relay', version: '0' })

describe('the first route', () => {
  test('gives the application a relay, without a warning, and its upstreams none', () => {
    expect(decisionOn('checkout')).toMatchObject({ result: 'injected', warnings: [] })
    for (const upstream of ['inventory', 'crm'])
      expect(decisionOn(upstream)).toMatchObject({ result: 'skipped', reason: 'opted_out', warnings: [] })
  })

  test('is Ready with the example as it stands, and shown as the page shows it', () => {
    const example = parse(read('examples/orders/orders.yaml')) as RouteObject
    const route = { ...example, metadata: { ...example.metadata, namespace: 'shop', generation: 1 } }
    const pod = {
      metadata: {
        name: 'checkout-1',
        namespace: 'shop',
        uid: '1',
        resourceVersion: '1',
        labels: { app: 'checkout' },
      },
      spec: { initContainers: [{ name: 'fanout-relay' }], containers: [] },
      status: { phase: 'Running', podIP: '10.0.0.1' },
    } as unknown as PodObject
    const relays: readonly AskedRelay[] = [
      { ...relayOf(pod)!, answer: { kind: 'answered', generations: new Map([['shop/orders', 1]]) } },
    ]
    const findService = (_namespace: string, name: string) =>
      objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name) as unknown as
        | ServiceObject
        | undefined
    const now = '2026-11-22T12:00:00Z'
    const status = statusOf(route, createJudge()([route]).get(route)!, { relays, findService, now })

    const [header = [], row = []] = block('kubectl get fo', 'text')
      .trim()
      .split('\n')
      .map(line => line.split(/ {2,}/))
    const crd = parse(read('crds/fanoutroutes.yaml')) as {
      readonly spec: {
        readonly versions: readonly [{ readonly additionalPrinterColumns: readonly Column[] }]
      }
    }
    const columns = crd.spec.versions[0].additionalPrinterColumns.filter(({ priority = 0 }) => priority === 0)
    expect(header).toEqual(['NAME', ...columns.map(({ name }) => name.toUpperCase())])
    const ready = status.conditions?.find(({ type }) => type === 'Ready')
    const { upstreams, strategy, relays: counted } = status.summary ?? {}
    expect(row.slice(0, -1)).toEqual(['orders', '/orders', upstreams, strategy, ready?.status, counted])
    expect(ready?.status).toBe('True')
  })
})

interface Column {
  readonly name: string
  readonly priority?: number
}
