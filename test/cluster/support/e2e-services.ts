import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startUpstream, type Upstream } from '../../support/upstream.ts'
import type { ControlPlane } from './control-plane.ts'
import { must } from './e2e-command.ts'
import { endpointSlice } from './e2e-endpoints.ts'

/** Services of a namespace, each with a real upstream behind it. */
export interface Services {
  /** For a relay's CLUSTER_NETWORK: where each Service and port leads on this machine. */
  readonly networkFile: string
  /** By name. Each answers `{"<name>": "<path it was asked for>"}`. */
  readonly upstreams: Readonly<Record<string, Upstream>>
  close(): Promise<void>
}

const port = 8080

/** Makes Services with port 8080 and the EndpointSlices that Kubernetes would make for the pods behind them. */
export const startServices = async (
  plane: ControlPlane,
  namespace: string,
  names: readonly string[],
  directory: string,
): Promise<Services> => {
  const upstreams = Object.fromEntries(
    await Promise.all(
      names.map(async name => {
        const upstream = await startUpstream(({ url }, response) => {
          response.setHeader('content-type', 'application/json')
          response.end(JSON.stringify({ [name]: url }))
        })
        return [name, upstream] as const
      }),
    ),
  )
  const objects = names.flatMap(name => [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: { app: name }, ports: [{ port }] },
    },
    endpointSlice({ namespace, service: name, port, ready: ['10.0.0.1'] }),
  ])
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  await must(plane.kubectlWith({ input }, 'apply', '-f', '-'))
  const networkFile = join(directory, 'network.json')
  const network = names.map(name => [`${name}.${namespace}.svc:${port}`, upstreams[name]!.port])
  writeFileSync(networkFile, JSON.stringify(Object.fromEntries(network)))
  return {
    networkFile,
    upstreams,
    close: async () => {
      for (const upstream of Object.values(upstreams)) await upstream.close()
    },
  }
}
