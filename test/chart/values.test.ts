import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { renderCrdTemplate } from '../../scripts/chart/crd-template.ts'
import { chartFiles } from '../../scripts/chart/files.ts'
import { kubernetesSchemas } from '../../scripts/chart/kubernetes-schema.ts'
import { readChartValues } from '../../scripts/chart/values-file.ts'
import { renderValuesSchema } from '../../scripts/chart/values-schema.ts'
import { renderReadme } from '../../scripts/chart/values-table.ts'
import { chart, root } from './support/helm.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const schemaOf = (values: string) => JSON.parse(renderValuesSchema(readChartValues(values)))

describe('files of the chart', () => {
  it.each(chartFiles)('$path is up to date', ({ path, render }) => expect(read(path)).toBe(render()))

  it('have the version of the package', () => {
    const { version, appVersion } = parse(read('charts/fanout-relay/Chart.yaml'))
    const released = JSON.parse(read('package.json')).version
    expect([version, appVersion]).toEqual([released, released])
  })

  const templates = readdirSync(join(chart, 'templates'), { recursive: true, encoding: 'utf8' }).filter(
    name => name.endsWith('.yaml') && !name.startsWith('crds/'),
  )
  it.each(templates)('templates/%s is one object of at most 60 lines', name => {
    const text = read(`charts/fanout-relay/templates/${name}`)
    if (name !== 'extra-objects.yaml') expect(text.match(/^kind:/gm)).toHaveLength(1)
    expect(text.split('\n').length).toBeLessThanOrEqual(61)
  })

  it('show routes on Artifact Hub that are valid', async () => {
    const { annotations } = parse(read('charts/fanout-relay/Chart.yaml'))
    const [example] = parse(annotations['artifacthub.io/crdsExamples'])
    const { fanOutRoute } = await import('../../src/api/fan-out-route.ts')
    expect(fanOutRoute.safeParse(example).error).toBeUndefined()
  })
})

describe('the schema of values', () => {
  it('allows nothing that it does not know, but for what is shared with other charts', () => {
    const open: string[] = []
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return
      const { type, additionalProperties } = node as Record<string, unknown>
      if (type === 'object' && (additionalProperties === undefined || additionalProperties === true))
        open.push(path)
      for (const [name, child] of Object.entries(node)) visit(child, `${path}/${name}`)
    }
    const { properties, ...rest } = JSON.parse(read('charts/fanout-relay/values.schema.json'))
    visit({ properties, ...rest }, '')
    // Objects of any kind, and what other charts read of `global`.
    expect(open).toEqual(['/properties/global'])
  })

  it('takes types from the defaults and the rest from @schema', () => {
    const { properties } = schemaOf(`
a:
  # -- A number.
  # @schema {minimum: 1}
  b: 2
  # -- A text.
  c: ""
`)
    expect(properties.a).toEqual({
      type: 'object',
      additionalProperties: false,
      properties: {
        b: { description: 'A number.', type: 'integer', minimum: 1 },
        c: { description: 'A text.', type: 'string' },
      },
    })
  })

  it('holds types of Kubernetes to their fields', () => {
    const { definitions, reference } = kubernetesSchemas()
    expect(reference('Array<V1Toleration>')).toEqual({
      type: 'array',
      items: { $ref: '#/definitions/V1Toleration' },
    })
    expect(definitions['V1Toleration']).toMatchObject({
      additionalProperties: false,
      properties: { key: { type: 'string' }, tolerationSeconds: { type: 'integer' } },
    })
    expect(() => reference('V1Tolerance')).toThrow('the Kubernetes client has no type V1Tolerance')
  })

  it('takes CPUs as numbers', () => {
    const kubernetes = kubernetesSchemas()
    kubernetes.reference('V1ResourceRequirements')
    expect(kubernetes.definitions['V1ResourceRequirements']).toMatchObject({
      properties: { limits: { additionalProperties: { type: ['string', 'number'] } } },
    })
  })

  it.each([
    ['a: 1', 'values.yaml: a has no comment "# -- …"'],
    ['a:\n  # -- B.\n  b: 1\n  c: 2', 'values.yaml: a.c has no comment'],
    ['# -- A.\na: []', 'values.yaml: a needs "# @schema" for what is in it'],
    ['# -- A.\na: {}', 'values.yaml: a needs "# @schema" for what is in it'],
    ['# -- A.\na:', 'values.yaml: a has no default'],
  ])('cannot be made of %j', (values, reason) => expect(() => schemaOf(values)).toThrow(reason))
})

describe('the table of values', () => {
  const markers = '<!-- values: generated from values.yaml -->\nold\n<!-- end of values -->'

  it('has a row for each, with its default and its choices', () => {
    const values = readChartValues(`
# -- Whether.
a: true
b:
  # -- Which
  # of them | others.
  # @schema {enum: [x, y]}
  c: x
`)
    expect(renderReadme(`before\n${markers}\nafter\n`, values)).toBe(`before
<!-- values: generated from values.yaml -->

| value | default | meaning |
|---|---|---|
| \`a\` | \`true\` | Whether. |
| \`b.c\` | \`x\` | Which of them \\| others. One of \`x\`, \`y\`. |

<!-- end of values -->
after
`)
  })

  it('is not put where nobody asked for it', () =>
    expect(() => renderReadme('no markers', [])).toThrow('README.md needs "<!-- values'))
})

describe('the template of the CRD', () => {
  it('is the CRD between its switches', () => {
    const template = renderCrdTemplate()
    expect(template.startsWith('{{- if .Values.crds.enabled }}\napiVersion: apiextensions.k8s.io/v1\n')).toBe(
      true,
    )
    expect(template.endsWith('{{- end }}\n')).toBe(true)
    const bare = template
      .replaceAll(/^.*\{\{.*\n/gm, '')
      .replaceAll(/^ +(annotations|labels|helm.sh.*):.*\n/gm, '')
    expect(parse(bare)).toEqual(parse(read('crds/fanoutroutes.yaml')))
  })
})
