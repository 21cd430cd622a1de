import { join } from 'node:path'
import { eventually } from '../../support/eventually.ts'
import { freePorts } from '../../support/free-ports.ts'
import { type ApiRequest, apiClient } from './api-client.ts'
import { type ApiServer, startApiServer } from './api-server.ts'
import { type CommandOptions, type CommandResult, runCommand } from './command.ts'
import { writeCredentials } from './credentials.ts'
import { startEtcd } from './etcd.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { type ServiceProxy, startServiceProxy } from './service-proxy.ts'
import { type ClusterTools, findClusterTools } from './tools.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

/**
 * A real etcd and kube-apiserver on loopback, with RBAC, ServiceAccount tokens and the default admission plugins.
 * No controllers run: deployments make no pods, deleted namespaces stay, and default ServiceAccounts are
 * `createNamespace`'s work.
 */
export interface ControlPlane extends Pick<ApiServer, 'pause' | 'resume' | 'restart'> {
  readonly url: string
  readonly caFile: string
  /** Path of the administrator's kubeconfig. */
  readonly adminKubeconfig: string
  readonly pids: { readonly etcd: number; readonly apiServer: number }
  readonly request: ApiRequest
  kubectl(...args: readonly string[]): Promise<CommandResult>
  helm(...args: readonly string[]): Promise<CommandResult>
  /** kubectl with standard input, another kubeconfig (`env.KUBECONFIG`) or another time limit. */
  kubectlWith(options: CommandOptions, ...args: readonly string[]): Promise<CommandResult>
  /** With the `default` ServiceAccount, without which ServiceAccount admission refuses pods. */
  createNamespace(name: string, labels?: Readonly<Record<string, string>>): Promise<void>
  /** A bound token from the TokenRequest API. The API server gives none for less than 600 s. */
  tokenFor(serviceAccount: string, namespace: string, options?: TokenOptions): Promise<string>
  /** Path of a kubeconfig with that token. */
  kubeconfigFor(token: string, namespace?: string): string
  /** Sends what the API server has for a Service, such as a webhook's, to a port of 127.0.0.1. */
  exposeService: ServiceProxy['expose']
  /**
   * Makes etcd forget its history. The API server's watch cache still has its own part of it: `restart` makes
   * resource versions from before the compaction answer 410.
   */
  compact(): Promise<void>
  stop(): Promise<void>
}

export interface TokenOptions {
  readonly expirationSeconds?: number
  readonly audiences?: readonly string[]
}

export const startControlPlane = async (): Promise<ControlPlane> => {
  const tools = findClusterTools()
  for (let triesLeft = 2; ; triesLeft--) {
    const workspace = openWorkspace()
    try {
      return await start(workspace, tools)
    } catch (error) {
      await workspace.close()
      // Between finding a port free and listening on it, another process may take it.
      const isPortTaken = String(error).includes('address already in use')
      if (!isPortTaken || triesLeft === 0) throw error
    }
  }
}

const start = async (workspace: Workspace, tools: ClusterTools): Promise<ControlPlane> => {
  const { directory } = workspace
  const credentials = writeCredentials(directory)
  const etcd = await startEtcd(workspace, tools.etcd)
  const [port] = await freePorts(1)
  const url = `https://127.0.0.1:${port}`
  const client = apiClient(url, credentials.ca, credentials.adminToken)
  const { request } = client
  const serviceSocket = join(directory, 'services.sock')
  const services = startServiceProxy(serviceSocket, ip => findService(request, ip))
  const server = await startApiServer(workspace, {
    program: tools.kubeApiserver,
    port: port!,
    etcdUrl: etcd.url,
    serviceSocket,
    credentials,
    request,
  })

  const must = async (method: string, path: string, body: unknown, tolerated = 0) => {
    const answer = await request(method, path, { body })
    if (answer.status >= 400 && answer.status !== tolerated)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.object
  }
  const createDefaultServiceAccount = (namespace: string) =>
    must('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } }, 409)

  let kubeconfigs = 0
  const kubeconfigFor = (token: string, namespace?: string): string => {
    kubeconfigs += 1
    const path = join(directory, `kubeconfig-${kubeconfigs}`)
    writeKubeconfig(path, { url, caFile: credentials.caFile, token, ...(namespace && { namespace }) })
    return path
  }
  const adminKubeconfig = kubeconfigFor(credentials.adminToken)
  // Everything that the tools keep goes into the folder too.
  const env = { HOME: directory, KUBECONFIG: adminKubeconfig }
  const kubectlWith: ControlPlane['kubectlWith'] = (options, ...args) =>
    runCommand(tools.kubectl, args, { ...options, env: { ...env, ...options.env } })

  // The API server makes that namespace shortly after it says it is ready.
  await eventually(() => createDefaultServiceAccount('default'), 60_000)

  return {
    url,
    caFile: credentials.caFile,
    adminKubeconfig,
    request,
    kubectlWith,
    kubeconfigFor,
    get pids() {
      return { etcd: etcd.pid, apiServer: server.pid }
    },
    pause: server.pause,
    resume: server.resume,
    restart: server.restart,
    compact: etcd.compact,
    exposeService: services.expose,
    kubectl: (...args) => kubectlWith({}, ...args),
    helm: (...args) => runCommand(tools.helm, args, { env, timeoutMs: 120_000 }),
    createNamespace: async (name, labels = {}) => {
      await must('POST', '/api/v1/namespaces', { metadata: { name, labels } })
      await createDefaultServiceAccount(name)
    },
    tokenFor: async (serviceAccount, namespace, options = {}) => {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`
      const { status } = await must('POST', path, { spec: options })
      return (status as { token: string }).token
    },
    stop: async () => {
      client.close()
      services.close()
      await workspace.close()
    },
  }
}

const findService = async (request: ApiRequest, clusterIp: string): Promise<string | undefined> => {
  const { object } = await request('GET', '/api/v1/services')
  const services = object['items'] as readonly Service[]
  const found = services.find(({ spec }) => spec.clusterIP === clusterIp)
  return found && `${found.metadata.namespace}/${found.metadata.name}`
}

interface Service {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: { readonly clusterIP?: string }
}
