import { describe, expect, it } from 'vitest'
import { find, hasHelm, render } from '../chart/support/helm.ts'

const name = 'fanout-relay-gateway'
const one = (kind: string, values: object = {}) =>
  find(render({ values: { 'gateway.enabled': true, ...values } }), kind, name)!
const spec = (kind: string, values: object = {}) => one(kind, values)['spec']
const pod = (values: object = {}) => spec('Deployment', values).template.spec
const container = (values: object = {}) => pod(values).containers[0]

const tokenDirectory = '/var/run/secrets/fanoutrelay.dev/serviceaccount'

describe.runIf(hasHelm())('the pods of the gateway', () => {
  it('are probed where it says how it is', () => {
    const { startupProbe, livenessProbe, readinessProbe } = container()
    const at = (path: string) => ({ httpGet: { path, port: 4782 } })
    expect(startupProbe).toEqual({ ...at('/readyz'), periodSeconds: 1, failureThreshold: 60 })
    expect(livenessProbe).toEqual({ ...at('/livez'), periodSeconds: 10, timeoutSeconds: 3 })
    expect(readinessProbe).toEqual({ ...at('/readyz'), periodSeconds: 5, timeoutSeconds: 3 })
  })

  it('are replaced by others before they go, and have the time that they were given', () => {
    expect(spec('Deployment').strategy).toEqual({ rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } })
    expect(pod().terminationGracePeriodSeconds).toBe(30)
    const values = { 'gateway.terminationGracePeriodSeconds': 90 }
    expect(pod(values).terminationGracePeriodSeconds).toBe(90)
  })

  it('are told where everything is, and how to behave', () => {
    const where = [
      'run',
      '--kubernetes',
      `--token-dir=${tokenDirectory}`,
      '--pod-labels=/etc/fanout-relay/podinfo/labels',
      '--route-cache=/var/cache/fanout-relay/routes.json',
    ]
    expect(container().args).toEqual([
      ...where,
      '--listen=0.0.0.0:4780',
      '--log-level=info',
      '--access-log=errors',
      '--drain-delay=5s',
      '--shutdown-timeout=25s',
    ])
    const values = {
      'gateway.listen': '[::]:4780',
      'gateway.logLevel': 'debug',
      'gateway.accessLog': 'off',
      'gateway.drainDelay': '7s',
      'gateway.shutdownTimeout': '20s',
      'gateway.extraArgs': ['--max-in-flight=10'],
    }
    expect(container(values).args).toEqual([
      ...where,
      '--listen=[::]:4780',
      '--log-level=debug',
      '--access-log=off',
      '--drain-delay=7s',
      '--shutdown-timeout=20s',
      '--max-in-flight=10',
    ])
  })

  it('have a token of their own, their labels, a bounded cache and Secrets that may come later', () => {
    const values = { 'gateway.secrets': ['crm.token'] }
    const namespace = { path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }
    expect(pod(values).volumes).toEqual([
      {
        name: 'fanout-relay-token',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            { downwardAPI: { items: [namespace] } },
          ],
        },
      },
      {
        name: 'fanout-relay-podinfo',
        downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] },
      },
      { name: 'fanout-relay-cache', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'fanout-relay-secret-0', secret: { secretName: 'crm.token', optional: true } },
    ])
    expect(container(values).volumeMounts).toEqual([
      { name: 'fanout-relay-token', mountPath: tokenDirectory, readOnly: true },
      { name: 'fanout-relay-podinfo', mountPath: '/etc/fanout-relay/podinfo', readOnly: true },
      { name: 'fanout-relay-cache', mountPath: '/var/cache/fanout-relay' },
      { name: 'fanout-relay-secret-0', mountPath: '/etc/fanout-relay/secrets/crm.token', readOnly: true },
    ])
  })
})

describe.runIf(hasHelm())('the gateway is', () => {
  it('scaled by the CPU it uses, as fast as it is told', () => {
    const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } }
    const { metrics, ...scaled } = spec('HorizontalPodAutoscaler', {
      'gateway.autoscaling': {
        enabled: true,
        minReplicas: 3,
        maxReplicas: 5,
        targetCPUUtilizationPercentage: 55,
        behavior,
      },
    })
    const target = { type: 'Utilization', averageUtilization: 55 }
    expect(metrics).toEqual([{ type: 'Resource', resource: { name: 'cpu', target } }])
    expect(scaled).toEqual({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: 3,
      maxReplicas: 5,
      behavior,
    })
  })

  it('scaled as Kubernetes does by default', () => {
    const { metrics, behavior } = spec('HorizontalPodAutoscaler', { 'gateway.autoscaling.enabled': true })
    expect(metrics[0].resource.target.averageUtilization).toBe(70)
    expect(behavior).toBeUndefined()
  })

  it('not in the way of a node that is emptied when it is not ready anyhow', () => {
    const budget = (values: object = {}) => spec('PodDisruptionBudget', values)
    expect(budget()).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' })
    expect(budget({ 'gateway.podDisruptionBudget.maxUnavailable': '50%' }).maxUnavailable).toBe('50%')
  })

  it('reached as its Service says', () => {
    expect(spec('Service')).toMatchObject({ type: 'ClusterIP', ports: [{ port: 80, targetPort: 4780 }] })
    expect(spec('Service')).not.toHaveProperty('loadBalancerSourceRanges')
    const service = one('Service', {
      'gateway.service': {
        type: 'LoadBalancer',
        port: 8080,
        annotations: { 'lb.example/internal': 'true' },
        loadBalancerSourceRanges: ['10.0.0.0/8'],
      },
    })
    expect(service.metadata.annotations).toEqual({ 'lb.example/internal': 'true' })
    expect(service['spec']).toMatchObject({
      type: 'LoadBalancer',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      ports: [{ port: 8080, targetPort: 4780 }],
    })
  })

  it('open to all, unless a policy says to whom', () => {
    const ingress = (values: object = {}) =>
      spec('NetworkPolicy', { 'networkPolicy.enabled': true, ...values }).ingress
    const ports = [{ protocol: 'TCP', port: 4780 }]
    expect(ingress()[0]).toEqual({ ports })
    const from = [{ podSelector: { matchLabels: { app: 'ingress' } } }]
    expect(ingress({ 'networkPolicy.gatewayFrom': from })[0]).toEqual({ ports, from })
    expect(ingress({ 'networkPolicy.gatewayFrom': from })[1].ports).toEqual([{ protocol: 'TCP', port: 4782 }])
  })
})
