import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { group, plural } from '../../src/api/names.ts'
import { crdFile } from '../../test/cluster/support/routes.ts'
import { number } from '../report/format.ts'
import type { Section } from '../report/section.ts'
import type { ClusterBench } from './bench.ts'
import type { Measurement } from './measurement.ts'

/** How much of what the API server and kubectl allow the CustomResourceDefinition takes. */
export const crdSize: Measurement = { name: 'crd-size', run }

/** etcd's default limit of a request. */
const etcdLimitKiB = 1536
/** All annotations of an object together; client-side `kubectl apply` keeps the whole object in one. */
const annotationLimitKiB = 256

async function run({ plane }: ClusterBench): Promise<Section> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`
  const { text, object } = await plane.request('GET', path)
  const { apiVersion, kind, metadata, spec } = object
  const sent = JSON.stringify({ apiVersion, kind, metadata: { name: metadata?.name }, spec })
  const kiB = (bytes: number): number => bytes / 1024
  const row = (what: string, value: string): string[] => [what, value]
  const rules = rulesIn(spec)
  return {
    name: crdSize.name,
    title: 'The CustomResourceDefinition',
    columns: ['', ''],
    rows: [
      row('file (YAML), KiB', number(kiB(readFileSync(crdFile).length))),
      row(
        'as stored and served (JSON, with managed fields and status), bytes',
        number(Buffer.byteLength(text)),
      ),
      row('of that, group, names and schema, bytes', number(Buffer.byteLength(sent))),
      row('compressed as a client gets it (gzip), KiB', number(kiB(gzipSync(text).length))),
      row('CEL rules', String(rules)),
    ],
    data: { bytes: Buffer.byteLength(text), sentBytes: Buffer.byteLength(sent), rules },
    figures: [
      { what: 'CRD as stored', value: kiB(Buffer.byteLength(text)), atMost: etcdLimitKiB, unit: 'KiB' },
      {
        what: 'CRD as annotation of a client-side apply',
        value: kiB(Buffer.byteLength(sent)),
        atMost: annotationLimitKiB,
        unit: 'KiB',
      },
    ],
  }
}

const rulesIn = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0
  return Object.entries(value).reduce(
    (count, [name, inner]) =>
      count + (name === 'x-kubernetes-validations' && Array.isArray(inner) ? inner.length : rulesIn(inner)),
    0,
  )
}
