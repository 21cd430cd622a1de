import { describe, expect, it, onTestFinished } from 'vitest'
import { relayBinding } from '../../src/controller/role-binding.ts'
import { takeBindingStep } from '../../src/controller/write-role-binding.ts'
import type { ApiRequest } from '../../src/kubernetes/api-client.ts'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import { kubeconfigTo, startScriptedApi } from '../check/support/scripted-api.ts'

const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/fanout-relay-reader'
const { signal } = new AbortController()
const current = {
  ...relayBinding('shop'),
  metadata: { name: 'fanout-relay-reader', namespace: 'shop', uid: 'one', resourceVersion: '7' },
}
const apply = { kind: 'apply', binding: relayBinding('shop') } as const

const recording = () => {
  const sent: Omit<ApiRequest, 'signal'>[] = []
  const client = {
    server: '',
    namespace: 'system',
    request: async ({ signal: _, ...request }: ApiRequest) => {
      sent.push(request)
      return { status: 200, body: {} }
    },
    close: async () => {},
  }
  return { sent, client }
}
const answering = async (status: number) => {
  const { url } = await startScriptedApi({}, status)
  const client = await loadCluster({ kubeconfig: kubeconfigTo(url) })
  onTestFinished(() => client.close())
  return client
}

describe('the RoleBinding of relays', () => {
  it('is applied without force: fields that somebody else set are a conflict', async () => {
    const { sent, client } = recording()
    await takeBindingStep(client, 'shop', undefined, apply, signal)
    expect(sent).toEqual([
      {
        method: 'PATCH',
        path: `${path}?fieldManager=fanout-relay-controller`,
        contentType: 'application/apply-patch+yaml',
        body: relayBinding('shop'),
      },
    ])
    await expect(takeBindingStep(await answering(409), 'shop', current, apply, signal)).rejects.toMatchObject(
      { status: 409 },
    )
  })

  it('is removed as the one that was looked at, and no other of its name', async () => {
    const { sent, client } = recording()
    await takeBindingStep(client, 'shop', current, { kind: 'remove' }, signal)
    const body = { preconditions: { uid: 'one', resourceVersion: '7' } }
    expect(sent).toEqual([{ method: 'DELETE', path, body }])
  })

  it('may be gone already when it is to be removed', async () => {
    const remove = { kind: 'remove' } as const
    await takeBindingStep(await answering(404), 'shop', current, remove, signal)
    await expect(
      takeBindingStep(await answering(403), 'shop', current, remove, signal),
    ).rejects.toMatchObject({ status: 403 })
  })

  it.each(['none', 'foreign'] as const)('is left alone when the step is %s', async kind => {
    const { sent, client } = recording()
    await takeBindingStep(client, 'shop', current, { kind }, signal)
    expect(sent).toEqual([])
  })
})
