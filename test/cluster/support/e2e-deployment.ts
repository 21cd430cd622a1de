import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { freePorts } from '../../support/free-ports.ts'
import type { ControlPlane } from './control-plane.ts'
import { must } from './e2e-command.ts'
import { endpointSlice } from './e2e-endpoints.ts'
import { type RunningContainer, runContainer } from './e2e-kubelet.ts'
import type { PodObject } from './e2e-pod.ts'

/**
 * The Deployment of the controller, run on this machine: one process a replica, and before them what Kubernetes puts
 * between a Service and its pods. Replicas that are ready get connections and are told to the API server.
 */
export interface ControllerDeployment {
  /** Oldest first. */
  readonly replicas: readonly Replica[]
  /** The same, and those that were forgotten. */
  readonly started: readonly Replica[]
  /** Starts one more, from the pod template as it is now. */
  startReplica(): Promise<Replica>
  /** Of a replica that is gone, or is to go: deletes its pod. */
  forget(replica: Replica): Promise<void>
  /** Ends probes and the Service; whoever still runs is killed. */
  close(): void
}

export interface Replica extends RunningContainer {
  readonly webhookPort: number
  readonly metricsPort: number
}

const name = 'fanout-relay-controller'
const service = 'fanout-relay-injector'
const podPorts = { webhook: 10250, metrics: 8080, health: 8081 }
const merge = 'application/merge-patch+json'
const apply = 'application/apply-patch+yaml'
const probeEveryMs = 250
/** As by default in Kubernetes. */
const failureThreshold = 3

export const openDeployment = async (
  plane: ControlPlane,
  namespace: string,
  directory: string,
): Promise<ControllerDeployment> => {
  const replicas: Replica[] = []
  const started: Replica[] = []
  let ready: readonly Replica[] = []
  const balancer = await balance(() => ready.map(({ webhookPort }) => webhookPort))
  plane.exposeService(namespace, service, (balancer.server.address() as AddressInfo).port)

  const startReplica = async (): Promise<Replica> => {
    const [webhookPort, metricsPort, healthPort] = (await freePorts(3)) as [number, number, number]
    const pod = await createPod(plane, namespace)
    const running = await runContainer(plane, pod, {
      container: 'controller',
      directory,
      // The flags have no place for it: in a pod all of this is as the defaults are.
      env: {
        FANOUT_TOKEN_DIR: `${directory}/${pod.metadata.name}/var/run/secrets/kubernetes.io/serviceaccount`,
        FANOUT_WEBHOOK: `127.0.0.1:${webhookPort}`,
        FANOUT_METRICS: `127.0.0.1:${metricsPort}`,
        FANOUT_HEALTH: `127.0.0.1:${healthPort}`,
      },
      ports: {
        [podPorts.webhook]: webhookPort,
        [podPorts.metrics]: metricsPort,
        [podPorts.health]: healthPort,
      },
    })
    const replica = { ...running, webhookPort, metricsPort }
    replicas.push(replica)
    started.push(replica)
    return replica
  }

  const patch = async (path: string, contentType: string, body: unknown): Promise<void> => {
    const { status, text } = await plane.request('PATCH', path, { body, contentType })
    if (status >= 400) throw new Error(`${path}: ${status} ${text}`)
  }

  /** Probes in a row that failed. As a kubelet does, one that is late on a busy machine costs nothing. */
  const failures = new Map<Replica, number>()
  const probe = async (one: Replica): Promise<void> => {
    failures.set(one, (await one.isReady()) ? 0 : (failures.get(one) ?? 0) + 1)
  }
  const isReady = (one: Replica): boolean => {
    const failed = failures.get(one) ?? failureThreshold
    return failed === 0 || (failed < failureThreshold && ready.includes(one))
  }

  /** What the kubelet, and the controllers of Deployments and EndpointSlices, go on doing. */
  let told = -1
  const tell = async (): Promise<void> => {
    await Promise.all(replicas.map(probe))
    ready = replicas.filter(isReady)
    if (told === ready.length) return
    // Until both know.
    told = -1
    const available = ready.length
    await patch(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}/status`, merge, {
      status: { replicas: replicas.length, readyReplicas: available, availableReplicas: available },
    })
    const addresses = ready.map((_, index) => `10.0.1.${index + 1}`)
    const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
    await patch(
      `${slices}/${service}-1?fieldManager=endpoints&force=true`,
      apply,
      endpointSlice({ namespace, service, port: podPorts.webhook, ready: addresses }),
    )
    told = ready.length
  }
  let closed = false
  const follow = async (): Promise<void> => {
    while (!closed) {
      // The API server may be away; then it is told later.
      await tell().catch(() => {})
      await new Promise(resolve => setTimeout(resolve, probeEveryMs))
    }
  }
  void follow()

  return {
    replicas,
    started,
    startReplica,
    forget: async replica => {
      replicas.splice(replicas.indexOf(replica), 1)
      await must(plane.kubectl('delete', 'pod', '-n', namespace, replica.pod.metadata.name, '--wait=false'))
    },
    close: () => {
      closed = true
      balancer.close()
      for (const { child } of started) child.kill('SIGKILL')
    },
  }
}

/** A pod of the Deployment's template, as its ReplicaSet would make it. */
const createPod = async (plane: ControlPlane, namespace: string): Promise<PodObject> => {
  const deployment = JSON.parse(
    await must(plane.kubectl('get', 'deployment', name, '-n', namespace, '-o', 'json')),
  )
  const { metadata, spec } = deployment.spec.template
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, generateName: `${name}-` }, spec }
  const input = JSON.stringify(pod)
  return JSON.parse(
    await must(plane.kubectlWith({ input }, 'create', '-n', namespace, '-f', '-', '-o', 'json')),
  ) as PodObject
}

/** Takes connections for a Service and leads each to the next of its ports. */
const balance = async (portsNow: () => readonly number[]) => {
  const sockets = new Set<Socket>()
  let next = 0
  const server: Server = createServer(caller => {
    sockets.add(caller)
    caller.on('error', () => {})
    caller.on('close', () => sockets.delete(caller))
    const ports = portsNow()
    if (ports.length === 0) return void caller.destroy()
    const target = connect(ports[next++ % ports.length]!, '127.0.0.1')
    target.on('error', () => caller.destroy())
    caller.on('close', () => target.destroy())
    caller.pipe(target).pipe(caller)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
