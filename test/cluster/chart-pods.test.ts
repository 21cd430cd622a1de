import { describe, expect, it } from 'vitest'
import { find, hasHelm, render } from '../chart/support/helm.ts'

/** What the controller and the gateway have in common. */
const components = ['controller', 'gateway'] as const
const one = (kind: string, component: string, values: object = {}) =>
  find(render({ values: { 'gateway.enabled': true, ...values } }), kind, `fanout-relay-${component}`)!
const template = (component: string, values: object = {}) =>
  one('Deployment', component, values)['spec'].template

const toleration = { key: 'edge', operator: 'Exists', effect: 'NoSchedule' }
const term = { key: 'disk', operator: 'In', values: ['ssd'] }
const affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [term] }] },
  },
}
const first = 'spec.containers[0]'
const secrets = [{ name: 'registry' }]

/** By value, where it goes. */
const passedOn: readonly (readonly [value: string, path: string, given: unknown])[] = [
  ['nodeSelector', 'spec.nodeSelector', { disk: 'ssd' }],
  ['tolerations', 'spec.tolerations', [toleration]],
  ['affinity', 'spec.affinity', affinity],
  ['priorityClassName', 'spec.priorityClassName', 'system-cluster-critical'],
  ['extraEnv', `${first}.env`, [{ name: 'A', value: 'b' }]],
  ['resources', `${first}.resources`, { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '2Gi' } }],
  ['podSecurityContext.fsGroup', 'spec.securityContext.fsGroup', 3000],
  ['securityContext.privileged', `${first}.securityContext.privileged`, false],
]

/** In a path of properties a name with dots has to stand alone. */
const annotation = ['metadata', 'annotations', 'example.com/owner']

describe.runIf(hasHelm()).each(components)('a pod of the %s', component => {
  it.each(passedOn)('has %s as %s', (value, path, given) => {
    expect(template(component, { [`${component}.${value}`]: given })).toHaveProperty(path, given)
  })

  it('has none of it unless asked for', () => {
    const { spec } = template(component)
    for (const field of ['nodeSelector', 'tolerations', 'affinity', 'priorityClassName', 'imagePullSecrets'])
      expect(spec).not.toHaveProperty(field)
    expect(spec.containers[0]).not.toHaveProperty('env')
  })

  it('has annotations of one’s own', () => {
    const values = { [`${component}.podAnnotations`]: { 'example.com/owner': 'a' } }
    expect(template(component, values)).toHaveProperty(annotation, 'a')
    expect(template(component)).not.toHaveProperty(annotation)
  })

  it('ends its arguments with those of one’s own', () => {
    const values = { [`${component}.extraArgs`]: ['--log-format=json'] }
    expect(template(component, values).spec.containers[0].args.at(-1)).toBe('--log-format=json')
  })

  it('is pulled with the secrets of both lists', () => {
    const values = { imagePullSecrets: secrets, 'global.imagePullSecrets': [...secrets, { name: 'b' }] }
    expect(template(component, values).spec.imagePullSecrets).toEqual([...secrets, { name: 'b' }])
  })

  it('is pulled when it is told to be', () => {
    expect(template(component).spec.containers[0].imagePullPolicy).toBe('IfNotPresent')
    const values = { 'image.pullPolicy': 'Always' }
    expect(template(component, values).spec.containers[0].imagePullPolicy).toBe('Always')
  })

  it('may write nothing, become nobody else and ask the kernel for nothing more', () => {
    const { containers, securityContext, enableServiceLinks } = template(component).spec
    expect(containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(enableServiceLinks).toBe(false)
  })

  it('runs under its ServiceAccount, which has annotations of one’s own', () => {
    expect(template(component).spec.serviceAccountName).toBe(`fanout-relay-${component}`)
    const annotations = { 'example.com/role': 'relay' }
    const values = { [`${component}.serviceAccount.annotations`]: annotations }
    expect(one('ServiceAccount', component, values).metadata.annotations).toEqual(annotations)
    expect(one('ServiceAccount', component).metadata).not.toHaveProperty('annotations')
  })

  it('runs under another that is there already', () => {
    const account = { create: false, name: 'mine' }
    const values = { [`${component}.serviceAccount`]: account }
    expect(template(component, values).spec.serviceAccountName).toBe('mine')
    expect(one('ServiceAccount', component, values)).toBeUndefined()
  })

  it('may be scraped by those who are named', () => {
    const from = [{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }]
    const values = { 'networkPolicy.enabled': true, 'networkPolicy.metricsFrom': from }
    const { ingress } = one('NetworkPolicy', component, values)['spec']
    expect(ingress[1].from.at(-1)).toEqual(from[0])
    expect(ingress[1].from).not.toContainEqual({ namespaceSelector: {} })
  })
})

describe.runIf(hasHelm())('by default', () => {
  it.each([
    ['controller', { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } }],
    ['gateway', { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } }],
  ])('the %s has these resources', (component, resources) => {
    expect(template(component).spec.containers[0].resources).toEqual(resources)
  })
})

describe.runIf(hasHelm())('the controller', () => {
  it('logs as much as it is told', () => {
    const { args } = template('controller', { 'controller.logLevel': 'debug' }).spec.containers[0]
    expect(args).toContain('--log-level=debug')
  })

  it('has its probes no shorter than it needs', () => {
    const { startupProbe, livenessProbe, readinessProbe } = template('controller').spec.containers[0]
    expect(startupProbe).toMatchObject({ periodSeconds: 1, failureThreshold: 60 })
    expect(livenessProbe).toMatchObject({ periodSeconds: 10, timeoutSeconds: 3 })
    expect(readinessProbe).toMatchObject({ periodSeconds: 5, timeoutSeconds: 3 })
  })
})
