import { describe, expect, it } from 'vitest'
import { missingRelays } from '../../src/injector/missing-relays.ts'
import type { Pod } from '../../src/injector/pod.ts'

const namespaces = [
  { name: 'shop', labels: { 'fanoutrelay.dev/injection': 'enabled' } },
  { name: 'plain', labels: {} },
  { name: 'kube-system', labels: { 'fanoutrelay.dev/injection': 'enabled' } },
]

type Parts = {
  namespace?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
} & Partial<Pod['spec']> &
  Pick<Pod, 'status'> & { owner?: { kind: string; name: string }; deletionTimestamp?: string }

const pod = ({
  namespace = 'shop',
  labels = {},
  annotations = {},
  owner,
  deletionTimestamp,
  status,
  ...spec
}: Parts): Pod => ({
  metadata: {
    name: 'checkout-6d8f-x',
    namespace,
    labels,
    annotations,
    ...(deletionTimestamp && { deletionTimestamp }),
    ...(owner && { ownerReferences: [{ ...owner, controller: true }] }),
  },
  spec: { containers: [{ name: 'app' }], ...spec },
  ...(status && { status }),
})

const find = (parts: Parts) => missingRelays([pod(parts)], namespaces)

describe('missingRelays', () => {
  it('names the Deployment of a pod that missed injection, and the command that mends it', () => {
    const labels = { 'pod-template-hash': '6d8f' }
    expect(find({ labels, owner: { kind: 'ReplicaSet', name: 'checkout-6d8f' } })).toEqual([
      {
        namespace: 'shop',
        pod: 'checkout-6d8f-x',
        workload: 'Deployment/checkout',
        reason: 'not_injected',
        message: 'it was made before injection was switched on, or while the webhook could not be reached',
        fix: 'kubectl rollout restart deployment checkout -n shop',
      },
    ])
  })

  it('tells to make a pod anew that cannot be restarted', () => {
    expect(find({ owner: { kind: 'Job', name: 'report' } })[0]).toMatchObject({
      workload: 'Job/report',
      fix: 'delete Job/report in namespace shop and create it again',
    })
    expect(find({})[0]?.workload).toBe('Pod/checkout-6d8f-x')
  })

  it('finds pods that asked for it themselves', () => {
    const parts = { namespace: 'plain', labels: { 'fanoutrelay.dev/inject': 'true' } }
    expect(find(parts)[0]?.reason).toBe('not_injected')
  })

  it('finds the wish in the wrong place, and one that says neither', () => {
    const wish = { 'fanoutrelay.dev/inject': 'true' }
    expect(find({ namespace: 'plain', annotations: wish })[0]?.reason).toBe('misplaced_label')
    expect(find({ namespace: 'plain', labels: { 'fanoutrelay.dev/inject': 'yes' } })[0]?.reason).toBe(
      'invalid_label',
    )
  })

  it('finds pods that cannot have one', () => {
    expect(find({ hostNetwork: true })[0]?.reason).toBe('unsupported')
    expect(find({ nodeSelector: { 'kubernetes.io/os': 'windows' } })[0]?.reason).toBe('unsupported')
  })

  it.each<[string, Parts]>([
    ['has one', { initContainers: [{ name: 'fanout-relay' }] }],
    ['did not ask', { namespace: 'plain' }],
    ['said no', { labels: { 'fanoutrelay.dev/inject': 'false' } }],
    ['has ended', { status: { phase: 'Succeeded' } }],
    ['is about to end', { deletionTimestamp: '2026-11-22T00:00:00Z' }],
    ['is a mirror pod', { annotations: { 'kubernetes.io/config.mirror': 'x' } }],
    ['is where the webhook never looks', { namespace: 'kube-system' }],
    ['is in a namespace that is not known', { namespace: 'gone' }],
  ])('says nothing of a pod that %s', (_, parts) => {
    expect(find(parts)).toEqual([])
  })
})
