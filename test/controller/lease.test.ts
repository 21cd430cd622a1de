import { describe, expect, it, onTestFinished } from 'vitest'
import { type LeaseObject, leaseClient } from '../../src/controller/lease.ts'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import { kubeconfigTo, startScriptedApi } from '../check/support/scripted-api.ts'
import { type ApiServer, startApiServer } from './support/api-server.ts'

const collection = '/apis/coordination.k8s.io/v1/namespaces/system/leases'
const path = `${collection}/leader`

const clientOf = async ({ url }: Pick<ApiServer, 'url'>) => {
  const client = await loadCluster({ kubeconfig: kubeconfigTo(url) })
  onTestFinished(() => client.close())
  return leaseClient(client, 'system', 'leader')
}
const seen: LeaseObject = { metadata: { name: 'leader', namespace: 'system', resourceVersion: '7' } }

describe('a lease', () => {
  it('is created where there is none', async () => {
    const server = await startApiServer()
    const lease = await clientOf(server)
    expect(await lease.read(5_000)).toBeUndefined()
    const written = await lease.write({ holderIdentity: 'a' }, undefined, 5_000)
    expect(server.writes).toEqual([
      {
        method: 'POST',
        url: collection,
        body: {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'leader', namespace: 'system' },
          spec: { holderIdentity: 'a' },
        },
      },
    ])
    expect(await lease.read(5_000)).toEqual(written)
  })

  it('is written over the version that was read', async () => {
    const server = await startApiServer()
    const stored = server.put(path, { spec: { holderIdentity: 'a' } })
    const lease = await clientOf(server)
    const before = await lease.read(5_000)
    const written = await lease.write({ holderIdentity: 'b' }, before, 5_000)
    expect(server.writes).toMatchObject([
      { method: 'PUT', url: path, body: { metadata: { resourceVersion: stored.metadata.resourceVersion } } },
    ])
    expect(written?.metadata.resourceVersion).not.toBe(stored.metadata.resourceVersion)
    expect(server.get(path)).toMatchObject({ spec: { holderIdentity: 'b' } })
  })

  it('is left to whoever was faster, also to create it', async () => {
    const server = await startApiServer()
    const lease = await clientOf(server)
    server.put(path, { spec: { holderIdentity: 'a' } })
    const before = await lease.read(5_000)
    server.put(path, { spec: { holderIdentity: 'b' } })
    expect(await lease.write({ holderIdentity: 'c' }, before, 5_000)).toBeUndefined()
    expect(await lease.write({ holderIdentity: 'c' }, undefined, 5_000)).toBeUndefined()
    expect(server.get(path)).toMatchObject({ spec: { holderIdentity: 'b' } })
  })

  it('is nobody’s when it was deleted before the write', async () => {
    const { url, requests } = await startScriptedApi({})
    const lease = await clientOf({ url })
    expect(await lease.write({ holderIdentity: 'a' }, seen, 5_000)).toBeUndefined()
    expect(requests).toEqual([`PUT ${path}`])
  })

  it.each([403, 500])('is an error to its candidate when the server answers %d', async status => {
    const lease = await clientOf(await startScriptedApi({}, status))
    await expect(lease.read(5_000)).rejects.toMatchObject({ status })
    await expect(lease.write({ holderIdentity: 'a' }, undefined, 5_000)).rejects.toMatchObject({ status })
    await expect(lease.write({ holderIdentity: 'a' }, seen, 5_000)).rejects.toMatchObject({ status })
  })
})
