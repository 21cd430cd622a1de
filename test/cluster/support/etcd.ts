import { join } from 'node:path'
import { freePorts } from '../../support/free-ports.ts'
import { waitUntilReady } from './wait-until-ready.ts'
import type { Workspace } from './workspace.ts'

export interface Etcd {
  readonly url: string
  readonly pid: number
  /** Forgets all history before now. */
  compact(): Promise<void>
}

export const startEtcd = async (workspace: Workspace, program: string): Promise<Etcd> => {
  const [clientPort, peerPort] = await freePorts(2)
  const url = `http://127.0.0.1:${clientPort}`
  const peer = `http://127.0.0.1:${peerPort}`
  const server = workspace.start('etcd', program, [
    '--name=test',
    `--data-dir=${join(workspace.directory, 'etcd')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    '--log-level=warn',
    // Nothing here has to outlive the machine.
    '--unsafe-no-fsync',
  ])
  const call = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
    if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  await waitUntilReady(server, () => call('/v3/maintenance/status', {}), 30_000)
  return {
    url,
    pid: server.pid,
    compact: async () => {
      const { header } = (await call('/v3/maintenance/status', {})) as { header: { revision: string } }
      await call('/v3/kv/compaction', { revision: header.revision, physical: true })
    },
  }
}
