import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chart, find, hasHelm, type RenderOptions, render } from '../chart/support/helm.ts'
import { danglingReferences } from '../chart/support/references.ts'

describe.runIf(hasHelm())('a chart with this one among its dependencies', () => {
  let from: string
  const renderParent = (values: object, more: RenderOptions = {}) => render({ from, values, ...more })

  beforeAll(() => {
    from = mkdtempSync(join(tmpdir(), 'fanout-parent-chart-'))
    const dependency = { name: 'fanout-relay', version: '>=0-0', condition: 'fanout-relay.enabled' }
    const parent = { apiVersion: 'v2', name: 'platform', version: '1.0.0', dependencies: [dependency] }
    writeFileSync(join(from, 'Chart.yaml'), JSON.stringify(parent))
    writeFileSync(join(from, 'values.yaml'), '{global: {storageClass: fast}}')
    mkdirSync(join(from, 'charts'))
    cpSync(chart, join(from, 'charts/fanout-relay'), { recursive: true })
  })
  afterAll(() => rmSync(from, { recursive: true }))

  it('switches it on and off by condition', () => {
    const on = renderParent({ 'fanout-relay.enabled': true })
    expect(on).toEqual(renderParent({}))
    expect(on).not.toHaveLength(0)
    expect(renderParent({ 'fanout-relay.enabled': false })).toEqual([])
  })

  it('gets what it gets by itself', () => {
    const options = { release: 'platform', values: { 'gateway.enabled': true } }
    const names = (manifests: ReturnType<typeof render>) =>
      manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`).sort()
    const inParent = renderParent({ 'fanout-relay.gateway.enabled': true }, { release: 'platform' })
    expect(names(inParent)).toEqual(names(render(options)))
    expect(danglingReferences(inParent)).toEqual([])
  })

  it('can leave user ids to the cluster', () => {
    const deployment = find(renderParent({ 'fanout-relay.relay.runAsUser': null }), 'Deployment')!
    expect(deployment['spec'].template.spec.containers[0].args).toContain('--relay-run-as-user=none')
  })
})
