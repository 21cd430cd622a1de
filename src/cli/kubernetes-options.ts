import { existsSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ClusterOptions } from '../kubernetes/cluster.ts'
import type { Io } from './io.ts'
import { envName, type Option, type OptionValues } from './option.ts'
import { UsageError } from './usage-error.ts'
import { flag, text } from './values.ts'

const option = <T>(of: Option<T>): Option<T> => of

/** Which cluster, and as whom: options of every verb that talks to an API server. */
export const clusterOptions = {
  namespace: option({
    flag: 'namespace',
    short: 'n',
    value: 'NAME',
    description: 'Namespace to work in.',
    default: '',
    defaultText: 'the pod’s, or that of the context',
    read: text,
  }),
  kubeconfig: option({
    flag: 'kubeconfig',
    value: 'FILE',
    description: 'How to reach the API server from outside a cluster.',
    default: '',
    defaultText: 'in a pod its token directory; elsewhere $KUBECONFIG, or ~/.kube/config',
    read: text,
  }),
  context: option({
    flag: 'context',
    value: 'NAME',
    description: 'Context of the kubeconfig.',
    default: '',
    defaultText: 'its current one',
    read: text,
  }),
  tokenDir: option({
    flag: 'token-dir',
    value: 'DIRECTORY',
    description: 'Where a pod finds token, ca.crt and namespace.',
    default: '/var/run/secrets/kubernetes.io/serviceaccount',
    read: ([given = '']) => given,
  }),
}

/** What `run` needs beyond that to take its routes from the API server. */
export const kubernetesOptions = {
  kubernetes: option({
    flag: 'kubernetes',
    description: 'Take routes from the API server; so it is anyhow in a pod when no PATH is given.',
    default: 'false',
    read: flag,
  }),
  ...clusterOptions,
  podLabels: option({
    flag: 'pod-labels',
    value: 'FILE',
    description:
      'Labels of this pod, from a downward API volume; spec.workloadSelector of a route selects by them.',
    default: '',
    defaultText: 'none: only routes without workloadSelector are taken',
    read: text,
  }),
  routeCache: option({
    flag: 'route-cache',
    value: 'FILE',
    description: 'Where the last routes are kept for a start while the API server is away.',
    default: '',
    defaultText: 'none',
    read: text,
  }),
}

type ClusterValues = OptionValues<typeof clusterOptions>

/** Whether routes come from the API server; `name` is what said so. @throws UsageError when files are named as well */
export const isFromKubernetes = (
  values: Pick<OptionValues<typeof kubernetesOptions>, 'kubernetes' | 'tokenDir'>,
  paths: readonly string[],
  env: Io['env'],
  name = '--kubernetes',
): boolean => {
  if (!values.kubernetes) return paths.length === 0 && isInPod(values.tokenDir, env)
  if (paths.length === 0) return true
  throw new UsageError(`${name} does not go with PATH "${paths[0]}"`, {
    why: 'routes come either from the API server or from files',
    fix: 'leave one of the two out',
  })
}

/** Where the API server is: flags first, then the pod, then the kubeconfig that kubectl would use. @throws UsageError */
export const clusterOf = (
  values: ClusterValues,
  env: Io['env'],
  home: string = homedir(),
): ClusterOptions => {
  const { kubeconfig, context, tokenDir, namespace } = values
  if (kubeconfig !== undefined) {
    const variable = envName('kubeconfig')
    const name = env[variable] === kubeconfig ? variable : '--kubeconfig'
    return { kubeconfig: existing(kubeconfig, name), context, namespace }
  }
  if (context === undefined && isInPod(tokenDir, env))
    return { tokenDir, server: serviceAddress(env), namespace }
  const given = env['KUBECONFIG']?.split(':').find(path => path !== '')
  if (given !== undefined) return { kubeconfig: existing(given, 'KUBECONFIG'), context, namespace }
  const usual = join(home, '.kube', 'config')
  if (existsSync(usual)) return { kubeconfig: usual, context, namespace }
  throw new UsageError('there is no API server to talk to', {
    why: `this is no pod (no token in ${tokenDir}, or no KUBERNETES_SERVICE_HOST), and there is no ${usual}`,
    fix: 'name a kubeconfig with --kubeconfig FILE',
  })
}

const isInPod = (tokenDir: string, env: Io['env']): boolean =>
  serviceAddress(env) !== undefined && existsSync(join(tokenDir, 'token'))

/** As the kubelet tells every container. */
const serviceAddress = (env: Io['env']): string | undefined => {
  const host = env['KUBERNETES_SERVICE_HOST']
  const port = env['KUBERNETES_SERVICE_PORT']
  if (!host || !port) return undefined
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`
}

const existing = (path: string, from: string): string => {
  if (existsSync(path)) return path
  throw new UsageError(`${path} does not exist`, {
    why: `${from} must name a kubeconfig`,
    fix: 'check the spelling',
  })
}
