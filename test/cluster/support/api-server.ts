import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiRequest } from './api-client.ts'
import type { Credentials } from './credentials.ts'
import { waitUntilReady } from './wait-until-ready.ts'
import type { Server, Workspace } from './workspace.ts'

export interface ApiServer {
  readonly pid: number
  /** It keeps its port and its connections and says nothing more, until `resume`. */
  pause(): void
  resume(): void
  /** Ends it and starts it again on the same port; its watch cache then begins anew. */
  restart(): Promise<void>
}

export interface ApiServerOptions {
  readonly program: string
  readonly port: number
  readonly etcdUrl: string
  /** Where connections to Services go. */
  readonly serviceSocket: string
  readonly credentials: Credentials
  readonly request: ApiRequest
}

export const startApiServer = async (
  workspace: Workspace,
  { program, port, etcdUrl, serviceSocket, credentials, request }: ApiServerOptions,
): Promise<ApiServer> => {
  const egressFile = join(workspace.directory, 'egress.json')
  writeFileSync(egressFile, JSON.stringify(egressTo(serviceSocket)))
  const args = [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--tls-cert-file=${credentials.certFile}`,
    `--tls-private-key-file=${credentials.keyFile}`,
    `--client-ca-file=${credentials.caFile}`,
    `--token-auth-file=${credentials.tokenFile}`,
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${credentials.verifyingKeyFile}`,
    `--service-account-signing-key-file=${credentials.signingKeyFile}`,
    '--allow-privileged=true',
    `--egress-selector-config-file=${egressFile}`,
  ]
  const start = async (): Promise<Server> => {
    const server = workspace.start('kube-apiserver', program, args)
    const isReady = async () => {
      const { status, text } = await request('GET', '/readyz?verbose')
      if (status !== 200) throw new Error(text)
    }
    await waitUntilReady(server, isReady, 60_000)
    return server
  }
  let server = await start()
  return {
    get pid() {
      return server.pid
    },
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
    restart: async () => {
      // As a crash would: a graceful end waits a minute for its watches.
      server.kill('SIGKILL')
      await server.exited()
      server = await start()
    },
  }
}

const egressTo = (socket: string) => ({
  apiVersion: 'apiserver.k8s.io/v1beta1',
  kind: 'EgressSelectorConfiguration',
  egressSelections: [
    {
      name: 'cluster',
      connection: { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: socket } } },
    },
  ],
})
