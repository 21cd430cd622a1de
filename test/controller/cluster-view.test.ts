import { beforeEach, describe, expect, it } from 'vitest'
import { ClusterView, type Kind } from '../../src/controller/cluster-view.ts'
import type { Relay } from '../../src/controller/relays.ts'
import { relayBinding } from '../../src/controller/role-binding.ts'
import { type KubernetesObject, keyOf } from '../../src/kubernetes/objects.ts'
import { relayPod } from './support/objects.ts'

const in_ = (namespace: string, name: string, more: object = {}): KubernetesObject => ({
  ...more,
  metadata: { name, namespace, uid: `uid-${name}`, resourceVersion: '1' },
})
const pod = (name: string, uid: string, more: object = relayPod): KubernetesObject => ({
  ...more,
  metadata: { ...in_('shop', name).metadata, uid },
})

describe('what the controller knows of a cluster', () => {
  let view: ClusterView
  let polled: Map<string, Relay>

  beforeEach(() => {
    view = new ClusterView()
    polled = new Map()
  })
  const poller = {
    set: (relay: Relay) => void polled.set(relay.uid, relay),
    delete: (uid: string) => void polled.delete(uid),
  }
  const see = (kind: Kind, ...objects: readonly KubernetesObject[]) => {
    const all = new Map(objects.map(object => [keyOf(object), structuredClone(object)]))
    return view.update(kind, all, new Set(all.keys()), poller)
  }
  const lose = (kind: Kind, object: KubernetesObject) =>
    view.update(kind, new Map(), new Set([keyOf(object)]), poller)
  const shop = [{ namespace: 'shop', expectsRelays: false }]

  it('has a namespace looked at whose RoleBinding came, changed or was deleted', () => {
    const binding = { ...relayBinding('shop'), ...in_('shop', 'fanout-relay-reader') }
    expect(see('roleBindings', binding)).toEqual(shop)
    expect(see('roleBindings', { ...binding, metadata: { ...binding.metadata, labels: {} } })).toEqual(shop)
    expect(lose('roleBindings', binding)).toEqual(shop)
    expect(view.roleBindings.in('shop')).toEqual([])
  })

  it('has a namespace looked at whose last relay is gone', () => {
    see('pods', pod('checkout', 'first'))
    expect(lose('pods', pod('checkout', 'first'))).toEqual(shop)
    expect([...polled.keys()]).toEqual([])
  })

  it('asks a pod that took the place of another of its name, and the other no more', () => {
    see('pods', pod('checkout', 'first'))
    expect(see('pods', pod('checkout', 'second'))).toEqual(shop)
    expect([...polled.keys()]).toEqual(['second'])
    see('pods', pod('checkout', 'third', { spec: { containers: [] } }))
    expect([...polled.keys()]).toEqual([])
  })
})
