import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { customResourceDefinition, renderCrd, type SchemaNode } from '../../src/api/crd.ts'
import * as labelRules from '../../src/api/label-rules.ts'
import * as policyRules from '../../src/api/policy-rules.ts'
import { expressionOf } from '../../src/api/rule.ts'
import * as rules from '../../src/api/rules.ts'

const version = customResourceDefinition().spec.versions[0]!
const root = version.schema.openAPIV3Schema as SchemaNode

interface Visited {
  readonly path: string
  readonly node: SchemaNode
}

/** The one kind of additionalProperties that the API server takes: the values of a map without fields of its own. */
const isMap = (node: SchemaNode): node is SchemaNode & { readonly additionalProperties: SchemaNode } =>
  typeof node.additionalProperties === 'object' && !node.properties

const visit = (node: SchemaNode, path: string): Visited[] => [
  { path, node },
  ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => visit(child, `${path}.${name}`)),
  ...(node.items ? visit(node.items, `${path}[]`) : []),
  ...(isMap(node) ? visit(node.additionalProperties, `${path}{}`) : []),
]

const all = visit(root, '')
const ofSpec = all.filter(({ path }) => path.startsWith('.spec') || path.startsWith('.status'))
const where = (test: (node: SchemaNode) => boolean, nodes = ofSpec) =>
  nodes.filter(({ node }) => test(node)).map(({ path }) => path)

describe('the CRD', () => {
  it('is structural: a type on every node and none of the keywords the API server refuses', () => {
    const isIntOrString = (node: SchemaNode) => node['x-kubernetes-int-or-string'] === true
    expect(where(isIntOrString)).toEqual(['.spec.limits.maxBodySize'])
    expect(where(node => isIntOrString(node) === (typeof node.type === 'string'), all)).toEqual([])
    const refused = [
      '$ref',
      '$schema',
      'const',
      'patternProperties',
      'anyOf',
      'oneOf',
      'allOf',
      'not',
      'definitions',
      'id',
    ]
    // The one use of anyOf that it takes: the two types of what is a number or a text.
    const withoutTypes = (node: SchemaNode): SchemaNode => {
      const { anyOf, ...rest } = node
      const isTypes = JSON.stringify(anyOf) === '[{"type":"integer"},{"type":"string"}]'
      return isIntOrString(node) && isTypes ? rest : node
    }
    const holdsRefused = (node: SchemaNode) => refused.some(keyword => keyword in withoutTypes(node))
    expect(where(holdsRefused, all)).toEqual([])
    expect(where(node => 'additionalProperties' in node && !isMap(node), all)).toEqual([])
  })

  it('explains every field', () => {
    expect(where(node => (node.description ?? '').length < 5, all)).toEqual(['.metadata'])
  })

  it('bounds every string and list, which bounds the cost of its rules', () => {
    const isText = (node: SchemaNode) => node.type === 'string' && !node.enum
    expect(where(node => isText(node) && typeof node['maxLength'] !== 'number')).toEqual([])
    expect(where(node => node.type === 'array' && typeof node['maxItems'] !== 'number')).toEqual([])
    expect(where(node => isMap(node) && typeof node['maxProperties'] !== 'number')).toEqual([])
    expect(where(node => node.type === 'integer' && typeof node['maximum'] !== 'number')).toEqual([])
  })

  it('spells defaults out, so that rules see every field of a defaulted object', () => {
    const spec = root.properties!['spec']!
    expect(spec.properties!['matches']!.default).toEqual([{ path: { type: 'PathPrefix', value: '/' } }])
    expect(spec.properties!['limits']!.default).toEqual({ maxBodySize: '1Mi', onOversize: 'Reject' })
    expect(spec.properties!['timeouts']!.default).toEqual({ request: '30s' })
  })

  it('carries every rule', () => {
    const carried = all.flatMap(
      ({ node }) => (node['x-kubernetes-validations'] ?? []) as readonly { readonly rule: string }[],
    )
    const known = Object.values({ ...rules, ...policyRules, ...labelRules }).flatMap(list =>
      typeof list === 'string' ? [] : list.map(expressionOf),
    )
    expect([...new Set(carried.map(({ rule }) => rule))].sort()).toEqual(known.sort())
  })

  it('says the same to readers of YAML 1.1, such as kubectl', () => {
    expect(parse(renderCrd(), { version: '1.1' })).toEqual(customResourceDefinition())
  })

  it('keys its list maps by required fields', () => {
    const maps = ofSpec.filter(({ node }) => node['x-kubernetes-list-type'] === 'map')
    expect(maps.map(({ path }) => path)).toContain('.spec.upstreams')
    for (const { node } of maps) {
      expect(node.items?.required).toEqual(
        expect.arrayContaining(node['x-kubernetes-list-map-keys'] as string[]),
      )
    }
  })

  it('leaves metadata to the API server', () => {
    expect(root.properties!['metadata']).toEqual({ type: 'object' })
  })

  it('names the resource as the contract does', () => {
    const { spec, metadata } = customResourceDefinition()
    expect(metadata.name).toBe('fanoutroutes.fanoutrelay.dev')
    expect(spec.scope).toBe('Namespaced')
    expect(spec.names).toMatchObject({
      kind: 'FanOutRoute',
      plural: 'fanoutroutes',
      shortNames: ['fo'],
      categories: ['fanout-relay'],
    })
    expect(version).toMatchObject({ name: 'v1alpha1', served: true, storage: true })
    expect(version.subresources).toEqual({ status: {} })
    expect(version.additionalPrinterColumns.map(({ name }) => name)).toEqual([
      'Path',
      'Upstreams',
      'Strategy',
      'Ready',
      'Relays',
      'Age',
      'Reason',
      'Message',
    ])
  })

  it('is generated, up to date and under 256 KiB', () => {
    const file = readFileSync(join(import.meta.dirname, '../../crds/fanoutroutes.yaml'), 'utf8')
    expect(parse(file)).toEqual(customResourceDefinition())
    expect(file.endsWith(renderCrd())).toBe(true)
    expect(Buffer.byteLength(file)).toBeLessThan(256 * 1024)
  })
})
