import { writeFileSync } from 'node:fs'

export interface KubeconfigContents {
  readonly url: string
  readonly caFile: string
  readonly token: string
  readonly namespace?: string
}

/** Writes a kubeconfig with one context; JSON is YAML. */
export const writeKubeconfig = (path: string, contents: KubeconfigContents): void => {
  const { url, caFile, token, namespace = 'default' } = contents
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
  }
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
}
