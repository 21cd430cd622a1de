import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Paths of the programs a control plane is made of. */
export interface ClusterTools {
  readonly etcd: string
  readonly kubeApiserver: string
  readonly kubectl: string
  readonly helm: string
}

const installer = join(import.meta.dirname, '../../../scripts/install-cluster-tools.sh')

/** Of the folder in KUBEBUILDER_ASSETS (envtest's convention) first, else as the installer left them. */
export const findClusterTools = (): ClusterTools => {
  const installed = execFileSync('bash', [installer, '--folder'], { encoding: 'utf8' }).trim()
  const assets = process.env['KUBEBUILDER_ASSETS'] || installed
  const tools = {
    etcd: join(assets, 'etcd'),
    kubeApiserver: join(assets, 'kube-apiserver'),
    kubectl: join(assets, 'kubectl'),
    helm: join(installed, 'helm'),
  }
  const missing = Object.values(tools).filter(file => !existsSync(file))
  if (missing.length > 0) {
    const names = missing.map(file => basename(file)).join(', ')
    throw new Error(`${names} missing in ${assets}: run scripts/install-cluster-tools.sh`)
  }
  return tools
}

/**
 * Whether tests on a real control plane can run. Without the tools they fail under CI; elsewhere they say why
 * they are skipped.
 */
export const hasClusterTools = (): boolean => {
  try {
    findClusterTools()
    return true
  } catch (error) {
    if (!process.env['CI']) console.warn(`SKIPPED: ${(error as Error).message}`)
    return Boolean(process.env['CI'])
  }
}
