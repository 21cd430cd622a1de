import { join } from 'node:path'
import { type Launched, launchRelay } from '../../e2e/support/running-relay.ts'
import { eventually } from '../../support/eventually.ts'
import type { ControlPlane } from './control-plane.ts'
import { must } from './e2e-command.ts'
import { type Container, containerOf, type PodObject, type Probe } from './e2e-pod.ts'
import { writeVolumes } from './e2e-volumes.ts'

/** A container of a pod, run as a process. */
export interface RunningContainer extends Launched {
  readonly pod: PodObject
  /** What the kubelet's readiness probe finds out. */
  isReady(): Promise<boolean>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
}

export interface RunOptions {
  readonly container: string
  /** Where files of pods go. */
  readonly directory: string
  /** Environment beyond that of the container: what a process on a shared machine needs to be told. */
  readonly env?: Readonly<Record<string, string>>
  /** By port of the pod, that of this machine; a port that is not named is as it is in the pod. */
  readonly ports?: Readonly<Record<number, number>>
}

/**
 * Starts a container as the kubelet would: its args, its environment, its volumes as files, its startup probe; then
 * tells the API server that it runs. Two things cannot be as in a container: the files are below `directory`, so
 * environment values that begin with a mount path are moved there too; and the image is this checkout.
 */
export const runContainer = async (
  plane: ControlPlane,
  pod: PodObject,
  { container: name, directory, env = {}, ports = {} }: RunOptions,
): Promise<RunningContainer> => {
  const container = containerOf(pod, name)
  const root = join(directory, pod.metadata.name)
  await writeVolumes(plane, pod, container, root)
  const { hostname: host, port } = new URL(plane.url)
  const launched = launchRelay(container.args ?? [], {
    env: {
      KUBERNETES_SERVICE_HOST: host,
      KUBERNETES_SERVICE_PORT: port,
      ...environmentOf(container, root),
      ...env,
    },
  })
  const passes = (probe: Probe) => probes(probe, ports)
  const ended = launched.exit.then(code => {
    const { stdout, stderr } = launched.output()
    throw new Error(`${name} ended with ${code} before it was ready:\n${stdout}${stderr}`)
  })
  const started = eventually(async () => {
    if (container.startupProbe && !(await passes(container.startupProbe)))
      throw new Error(`${name} has not started:\n${launched.output().stdout.slice(-4_000)}`)
  }, 60_000)
  try {
    await Promise.race([started, ended])
  } catch (error) {
    launched.child.kill('SIGKILL')
    throw error
  } finally {
    ended.catch(() => {})
    started.catch(() => {})
  }
  await tellRunning(plane, pod, name)
  return {
    ...launched,
    pod,
    isReady: async () => container.readinessProbe === undefined || passes(container.readinessProbe),
    stop: () => {
      launched.child.kill('SIGTERM')
      return launched.exit
    },
  }
}

const environmentOf = ({ env = [], volumeMounts = [] }: Container, root: string): Record<string, string> => {
  const moved = (value: string): string =>
    volumeMounts.some(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`))
      ? join(root, value)
      : value
  return Object.fromEntries(env.map(({ name, value = '' }) => [name, moved(value)]))
}

const probes = async (
  { httpGet: { path, port }, timeoutSeconds = 1 }: Probe,
  ports: Readonly<Record<number, number>>,
): Promise<boolean> => {
  const signal = AbortSignal.timeout(timeoutSeconds * 1_000)
  const answer = await fetch(`http://127.0.0.1:${ports[port] ?? port}${path}`, { signal }).catch(
    () => undefined,
  )
  await answer?.text()
  return answer?.ok ?? false
}

/** The status of a pod whose containers all run; its address is this machine. */
const tellRunning = async (
  plane: ControlPlane,
  { metadata, spec }: PodObject,
  name: string,
): Promise<void> => {
  const state = ({ name: container, image }: Container) => ({
    name: container,
    image,
    imageID: image,
    ready: true,
    restartCount: 0,
    state: { running: { startedAt: new Date().toISOString() } },
  })
  const status = {
    phase: 'Running',
    podIP: '127.0.0.1',
    podIPs: [{ ip: '127.0.0.1' }],
    conditions: ['Initialized', 'Ready', 'ContainersReady'].map(type => ({ type, status: 'True' })),
    initContainerStatuses: (spec.initContainers ?? []).map(state),
    containerStatuses: spec.containers.map(state),
  }
  const patch = JSON.stringify({ status })
  const where = ['-n', metadata.namespace, 'pod', metadata.name]
  await must(plane.kubectl('patch', '--subresource=status', '--type=merge', '-p', patch, ...where)).catch(
    cause => {
      throw new Error(`the status of the pod of ${name} is refused`, { cause })
    },
  )
}
