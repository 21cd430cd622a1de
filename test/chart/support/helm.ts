import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

export const root = join(import.meta.dirname, '../../..')
export const chart = join(root, 'charts/fanout-relay')

const installer = join(root, 'scripts/install-cluster-tools.sh')

let helm: string | undefined
const findHelm = (): string => {
  helm ??= join(execFileSync('bash', [installer, '--folder'], { encoding: 'utf8' }).trim(), 'helm')
  return helm
}

/** Whether Helm is here. Under CI its absence fails the tests instead. */
export const hasHelm = (): boolean => existsSync(findHelm()) || Boolean(process.env['CI'])

export const runHelm = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(findHelm(), args, { encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

/** A Kubernetes object as far as every kind has it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  // biome-ignore lint/suspicious/noExplicitAny: whatever the kind has.
  readonly [field: string]: any
}

export interface RenderOptions {
  /** Folder of another chart than ours. */
  readonly from?: string
  readonly values?: object
  readonly valuesFile?: string
  readonly release?: string
  readonly namespace?: string
  /** Of the cluster, besides those of Kubernetes. */
  readonly apiVersions?: readonly string[]
  readonly kubeVersion?: string
}

const argsOf = ({ release = 'fanout-relay', namespace = 'relays', ...options }: RenderOptions) => [
  ...[release, options.from ?? chart, '--namespace', namespace],
  ...Object.entries(options.values ?? {}).flatMap(([key, value]) => [
    '--set-json',
    `${key}=${JSON.stringify(value)}`,
  ]),
  ...(options.valuesFile ? ['--values', options.valuesFile] : []),
  ...(options.apiVersions ?? []).flatMap(version => ['--api-versions', version]),
  ...(options.kubeVersion ? ['--kube-version', options.kubeVersion] : []),
]

/** Everything the chart makes of these values. `values` are by path: `{'gateway.enabled': true}`. */
export const render = (options: RenderOptions = {}): readonly Manifest[] => {
  const { code, stdout, stderr } = runHelm('template', ...argsOf(options))
  if (code !== 0) throw new Error(stderr)
  return parseAllDocuments(stdout).flatMap(document => {
    if (document.errors[0]) throw document.errors[0]
    const object = document.toJS() as Manifest | null
    return object === null ? [] : [object]
  })
}

/** What somebody reads who installs it. */
export const notes = (options: RenderOptions = {}): string => {
  const { code, stdout, stderr } = runHelm('install', ...argsOf(options), '--dry-run=client')
  if (code !== 0) throw new Error(stderr)
  return stdout.slice(stdout.indexOf('NOTES:'))
}

/** Why the values are refused. */
export const refusal = (options: RenderOptions): string => {
  const { code, stderr } = runHelm('template', ...argsOf(options))
  if (code === 0) throw new Error('the values were taken')
  return stderr
}

export const find = (manifests: readonly Manifest[], kind: string, name?: string): Manifest | undefined => {
  const found = manifests.filter(
    manifest => manifest.kind === kind && (name ?? manifest.metadata.name) === manifest.metadata.name,
  )
  if (found.length > 1) throw new Error(`there are ${found.length} of kind ${kind}`)
  return found[0]
}
