import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { controllerOptions } from '../../src/cli/controller-options.ts'
import { kubernetesOptions } from '../../src/cli/kubernetes-options.ts'
import type { Options } from '../../src/cli/option.ts'
import { parseOptions } from '../../src/cli/parse-options.ts'
import { relayOptions } from '../../src/cli/relay-options.ts'
import { annotations } from '../../src/injector/annotations.ts'
import {
  chart,
  find,
  hasHelm,
  notes,
  type RenderOptions,
  refusal,
  render,
  runHelm,
} from '../chart/support/helm.ts'

const controllerName = 'fanout-relay-controller'
const gateway = { 'gateway.enabled': true }
const podMonitor = 'monitoring.coreos.com/v1/PodMonitor'

const one = (kind: string, name: string | undefined, values: object = {}, more: RenderOptions = {}) =>
  find(render({ values, ...more }), kind, name)
const controllerPod = (values: object = {}, more: RenderOptions = {}) =>
  one('Deployment', controllerName, values, more)!['spec'].template
const gatewayPod = (values: object = {}) =>
  one('Deployment', 'fanout-relay-gateway', { ...gateway, ...values })!['spec'].template

describe.runIf(hasHelm())('the chart', () => {
  const valueSets = readdirSync(join(chart, 'ci')).map(name => join(chart, 'ci', name))

  it.each(valueSets)('passes helm lint with %s', file => {
    expect(runHelm('lint', '--strict', chart, '--values', file)).toMatchObject({ code: 0 })
  })

  it.each(valueSets)(
    'gives every object of %s a name, a namespace or none as its kind asks, and labels',
    file => {
      const clusterWide = /^(Cluster|CustomResource|MutatingWebhook)/
      for (const { kind, metadata } of render({ valuesFile: file })) {
        if (kind === 'ConfigMap') continue
        expect(metadata.namespace, kind).toBe(clusterWide.test(kind) ? undefined : 'relays')
        expect(metadata.labels, kind).toMatchObject({
          'app.kubernetes.io/name': 'fanout-relay',
          'app.kubernetes.io/instance': 'fanout-relay',
          'app.kubernetes.io/managed-by': 'Helm',
          'helm.sh/chart': expect.stringMatching(/^fanout-relay-/),
        })
      }
    },
  )

  it.each(valueSets)('gives containers of %s arguments that the program takes', file => {
    const tables: Readonly<Record<string, Options>> = {
      controller: controllerOptions,
      run: { ...relayOptions, ...kubernetesOptions },
    }
    const machine = { terminal: false, colour: false, loopback: ['127.0.0.1'], any: '::', memoryLimit: 0 }
    const deployments = render({ valuesFile: file }).filter(({ kind }) => kind === 'Deployment')
    expect(deployments).not.toHaveLength(0)
    for (const { spec } of deployments) {
      const [verb, ...args] = spec.template.spec.containers[0].args as readonly string[]
      expect(parseOptions(verb!, tables[verb!]!, args, { env: {}, machine }).positionals).toEqual([])
    }
  })

  it('takes defaults of annotations that there are', () => {
    const kebab = (name: string) => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
    const { defaults } = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')).relay
    const known = Object.values(annotations).map(({ name }) => name)
    expect(known).toEqual(expect.arrayContaining(Object.keys(defaults).map(kebab)))
  })

  it('renders no two objects of one kind and name', () => {
    const names = render({ valuesFile: join(chart, 'ci/everything-values.yaml') }).map(
      ({ kind, metadata }) => `${kind} ${metadata.name}`,
    )
    expect(names).toHaveLength(new Set(names).size)
  })

  it('refuses clusters that know no native sidecars', () => {
    expect(refusal({ kubeVersion: '1.28.15' })).toContain('requires kubeVersion')
    expect(render({ kubeVersion: '1.29.0-gke.100' })).not.toHaveLength(0)
  })

  it.each([
    ['controler', {}, "additional properties 'controler' not allowed"],
    ['controller.replicas', 3, "additional properties 'replicas' not allowed"],
    ['controller.tolerations', [{ opertor: 'Exists' }], "additional properties 'opertor' not allowed"],
    ['controller.resources', { limit: { cpu: 1 } }, "additional properties 'limit' not allowed"],
    ['gateway.autoscaling.behavior', { scaleUP: {} }, "additional properties 'scaleUP' not allowed"],
    ['injector.failurePolicy', 'fail', "must be one of 'Fail', 'Ignore'"],
    ['injector.timeoutSeconds', 31, 'maximum: got 31'],
    ['controller.replicaCount', 0, 'minimum: got 0'],
    ['image.digest', 'sha256:abc', 'does not match pattern'],
    ['relay.defaults', { cpu: '1' }, "additional properties 'cpu' not allowed"],
    ['relay.defaults.cpuRequest', 'junk', "at '/relay/defaults/cpuRequest': 'junk' does not match pattern"],
    ['relay.defaults.cpuLimit', 65, 'maximum: got 65'],
    ['relay.defaults.memoryLimit', '1Mi', "at '/relay/defaults/memoryLimit': '1Mi' does not match pattern"],
    ['relay.defaults.telemetryPort', 80, 'minimum: got 80'],
    [
      'relay.defaults.shutdownTimeout',
      '2h',
      'relay.defaults.shutdownTimeout is 2h: it must be from 1s to 1h',
    ],
    ['relay.runAsUser', 0, 'minimum: got 0'],
    [
      'controller.extraVolumes',
      [{ name: 'a', confgMap: {} }],
      "additional properties 'confgMap' not allowed",
    ],
  ])('refuses %s: %j', (path, value, reason) =>
    expect(refusal({ values: { [path]: value } })).toContain(reason),
  )

  it('refuses an autoscaler that could never be content', () => {
    const values = { ...gateway, 'gateway.autoscaling': { enabled: true, minReplicas: 5, maxReplicas: 2 } }
    expect(refusal({ values })).toContain(
      'gateway.autoscaling.minReplicas is 5, more than maxReplicas, which is 2',
    )
    expect(render({ values: { ...values, 'gateway.enabled': false } })).not.toHaveLength(0)
  })

  it('leaves `global` open for the charts it is installed beside', () => {
    expect(render({ values: { 'global.storageClass': 'fast' } })).not.toHaveLength(0)
  })

  it('puts labels for all on every object, and none over its own', () => {
    const commonLabels = { team: 'a', 'app.kubernetes.io/name': 'mine' }
    for (const { metadata } of render({ values: { 'global.commonLabels': commonLabels, ...gateway } }))
      expect(metadata.labels).toMatchObject({ team: 'a', 'app.kubernetes.io/name': 'fanout-relay' })
    expect(
      one('Deployment', controllerName, { 'global.commonLabels': commonLabels })!['spec'].selector,
    ).toEqual(one('Deployment', controllerName)!['spec'].selector)
  })

  it('renders further objects as templates', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-note' } }
    expect(one('ConfigMap', 'fanout-relay-note', { extraObjects: [object] })).toBeDefined()
    expect(one('ConfigMap', 'fanout-relay-note', { extraObjects: [JSON.stringify(object)] })).toBeDefined()
  })
})

describe.runIf(hasHelm())('the CRD', () => {
  const crd = (values: object = {}) => one('CustomResourceDefinition', undefined, values)

  it('outlives the release unless told otherwise', () => {
    expect(crd()!.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' })
    expect(crd({ 'crds.keep': false })!.metadata.annotations).toBeUndefined()
  })

  it('carries annotations of one’s own beside that', () => {
    expect(crd({ 'crds.annotations': { a: 'b' } })!.metadata.annotations).toEqual({
      'helm.sh/resource-policy': 'keep',
      a: 'b',
    })
  })

  it('is left out on demand', () => expect(crd({ 'crds.enabled': false })).toBeUndefined())
})

describe.runIf(hasHelm())('the image', () => {
  const image = (values: object) => controllerPod(values).spec.containers[0].image

  it.each([
    [{}, /^fanout-relay\/fanout-relay:\d+\.\d+\.\d+$/],
    [{ 'image.tag': 'edge' }, /:edge$/],
    [{ 'image.tag': 'edge', 'image.digest': `sha256:${'a'.repeat(64)}` }, /fanout-relay@sha256:a{64}$/],
    [{ 'global.imageRegistry': 'mirror:5000' }, /^mirror:5000\/fanout-relay\/fanout-relay:/],
    [{ 'global.imageRegistry': 'mirror/', 'image.repository': 'own/relay' }, /^mirror\/own\/relay:/],
    [{ 'global.imageRegistry': 'm', 'image.repository': 'localhost/own/relay' }, /^m\/own\/relay:/],
  ])('of %j', (values, expected) => expect(image(values)).toMatch(expected))

  it('is pulled with the secrets of both lists', () => {
    const values = {
      imagePullSecrets: [{ name: 'a' }],
      'global.imagePullSecrets': [{ name: 'b' }, { name: 'a' }],
    }
    expect(controllerPod(values).spec.imagePullSecrets).toEqual([{ name: 'a' }, { name: 'b' }])
    expect(controllerPod().spec).not.toHaveProperty('imagePullSecrets')
  })
})

describe.runIf(hasHelm())('the controller', () => {
  it('is left out of a release that is only a gateway, with all that is the cluster’s', () => {
    const kinds = render({ values: { ...gateway, 'controller.enabled': false, 'crds.enabled': false } }).map(
      ({ kind }) => kind,
    )
    expect(kinds.filter(kind => /^(Cluster|CustomResource|MutatingWebhook)/.test(kind))).toEqual([])
    expect(kinds).toContain('Deployment')
  })

  it('never has fewer replicas than asked for while it is rolled out', () => {
    expect(one('Deployment', controllerName)!['spec']).toMatchObject({
      replicas: 2,
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    })
  })

  it('has a disruption budget only with replicas to spare', () => {
    const budget = (values: object) => one('PodDisruptionBudget', controllerName, values)
    expect(budget({})!['spec']).toMatchObject({ minAvailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' })
    expect(budget({ 'controller.replicaCount': 1 })).toBeUndefined()
    expect(budget({ 'controller.podDisruptionBudget.enabled': false })).toBeUndefined()
  })

  it('is probed where it says how it is', () => {
    const [container] = controllerPod().spec.containers
    expect(container.livenessProbe.httpGet).toEqual({ path: '/livez', port: 8081 })
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 8081 })
    expect(container.startupProbe.httpGet).toEqual({ path: '/livez', port: 8081 })
  })

  it('is sent to by a Service at the port it listens on', () => {
    const { spec } = one('Service', 'fanout-relay-injector')!
    expect(spec.ports).toEqual([expect.objectContaining({ port: 443, targetPort: 10250 })])
    expect(controllerPod().metadata.labels).toMatchObject(spec.selector)
    expect(controllerPod().spec.containers[0].ports).toContainEqual({ name: 'webhook', containerPort: 10250 })
  })

  it('spreads its own pods, unless a constraint says whose', () => {
    const [given, ...others] = controllerPod({
      'controller.topologySpreadConstraints': [
        {
          maxSkew: 1,
          topologyKey: 'a',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { x: 'y' } },
        },
        { maxSkew: 1, topologyKey: 'b', whenUnsatisfiable: 'DoNotSchedule' },
      ],
    }).spec.topologySpreadConstraints
    expect(given.labelSelector).toEqual({ matchLabels: { x: 'y' } })
    expect(others).toMatchObject([
      { labelSelector: { matchLabels: { 'app.kubernetes.io/component': 'controller' } } },
    ])
    expect(controllerPod().spec.topologySpreadConstraints).toHaveLength(2)
  })

  it('does not let labels of pods take it from its own selector', () => {
    const podLabels = { tier: 'x', 'app.kubernetes.io/component': 'mine' }
    expect(controllerPod({ 'controller.podLabels': podLabels }).metadata.labels).toMatchObject({
      tier: 'x',
      'app.kubernetes.io/component': 'controller',
    })
  })

  it('is told what to inject', () => {
    const { args } = controllerPod({
      'relay.image': 'relay:2',
      'relay.allowedImages': ['relay:*'],
      'relay.defaults.cpuRequest': '20m',
      'relay.env': { A: 'b=c' },
    }).spec.containers[0]
    expect(args).toEqual([
      'controller',
      '--log-level=info',
      '--relay-image=relay:2',
      '--relay-run-as-user=65532',
      '--allowed-image=relay:*',
      '--relay-default=cpu-request=20m',
      '--relay-env=A=b=c',
    ])
  })

  it.each([
    [1000680000, '1000680000'],
    [null, 'none'],
  ])('is told to run relays as %s: %s', (runAsUser, expected) => {
    const { args } = controllerPod({ 'relay.runAsUser': runAsUser }).spec.containers[0]
    expect(args).toContain(`--relay-run-as-user=${expected}`)
  })

  it('passes defaults of relays as annotations would say them', () => {
    const defaults = { port: 4790, cpuLimit: 1.5, memoryLimit: '512Mi', shutdownTimeout: '60m' }
    const { args } = controllerPod({ 'relay.defaults': defaults }).spec.containers[0]
    expect(args.filter((arg: string) => arg.startsWith('--relay-default=')).sort()).toEqual([
      '--relay-default=cpu-limit=1.5',
      '--relay-default=memory-limit=512Mi',
      '--relay-default=port=4790',
      '--relay-default=shutdown-timeout=60m',
    ])
  })

  it.each(['999ms', '1s', '30m', '1h', '1h1ms', '61m'])(
    'can be given the shutdown timeout %s for relays, or not, as a pod can',
    timeout => {
      const values = { 'relay.defaults.shutdownTimeout': timeout }
      const isTaken = () => annotations.shutdownTimeout.read(timeout, { allowedImages: [] }) === timeout
      try {
        isTaken()
      } catch {
        expect(refusal({ values })).toContain('it must be from 1s to 1h')
        return
      }
      expect(render({ values })).not.toHaveLength(0)
    },
  )

  it('injects its own image unless told otherwise', () => {
    const [{ image, args }] = controllerPod({ 'image.tag': 'edge' }).spec.containers
    expect(args).toContain(`--relay-image=${image}`)
  })

  it('is rendered without any right when somebody else gives them', () => {
    const kinds = render({ values: { 'rbac.create': false, ...gateway } }).map(({ kind }) => kind)
    expect(kinds.filter(kind => /Role/.test(kind))).toEqual([])
    expect(kinds).toContain('ServiceAccount')
  })

  it('lets the roles of Kubernetes work with routes, unless told otherwise', () => {
    const aggregated = { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' }
    expect(one('ClusterRole', 'fanout-relay-edit')!.metadata.labels).toMatchObject(aggregated)
    expect(one('ClusterRole', 'fanout-relay-edit', { 'rbac.aggregate': false })).toBeUndefined()
    expect(one('ClusterRole', 'fanout-relay-view', { 'rbac.aggregate': false })).toBeUndefined()
  })
})

describe.runIf(hasHelm())('the injector', () => {
  const webhooks = (values: object = {}) =>
    one('MutatingWebhookConfiguration', undefined, values)!['webhooks']

  it('is asked for pods of namespaces that opted in, and for pods that opted in', () => {
    const [namespaces, pods] = webhooks()
    expect(namespaces).toMatchObject({
      namespaceSelector: {
        matchExpressions: [{ key: 'fanoutrelay.dev/injection', operator: 'In', values: ['enabled'] }, {}],
      },
      objectSelector: {
        matchExpressions: [{ key: 'fanoutrelay.dev/inject', operator: 'NotIn', values: ['false'] }],
      },
    })
    expect(pods).toMatchObject({
      namespaceSelector: {
        matchExpressions: [{ key: 'fanoutrelay.dev/injection', operator: 'NotIn', values: ['enabled'] }, {}],
      },
      objectSelector: {
        matchExpressions: [{ key: 'fanoutrelay.dev/inject', operator: 'In', values: ['true'] }],
      },
    })
  })

  it('is never asked for pods of Kubernetes, of its own or of namespaces that are excluded', () => {
    const excluded = ['kube-system', 'kube-public', 'kube-node-lease', 'relays', 'monitoring']
    for (const { namespaceSelector } of webhooks({ 'injector.excludedNamespaces': ['monitoring'] }))
      expect(namespaceSelector.matchExpressions[1]).toEqual({
        key: 'kubernetes.io/metadata.name',
        operator: 'NotIn',
        values: excluded,
      })
  })

  it('fails closed, quickly and without side effects', () => {
    for (const webhook of webhooks())
      expect(webhook).toMatchObject({
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        failurePolicy: 'Fail',
        timeoutSeconds: 5,
        sideEffects: 'None',
        matchPolicy: 'Equivalent',
        reinvocationPolicy: 'IfNeeded',
        admissionReviewVersions: ['v1'],
      })
  })

  it('fails open on demand', () => {
    for (const webhook of webhooks({ 'injector.failurePolicy': 'Ignore', 'injector.timeoutSeconds': 2 }))
      expect(webhook).toMatchObject({ failurePolicy: 'Ignore', timeoutSeconds: 2 })
  })

  it('leaves certificate and bundle to the controller', () => {
    for (const { clientConfig } of webhooks()) expect(clientConfig).not.toHaveProperty('caBundle')
    expect(one('Secret', 'fanout-relay-webhook-certificate')).toBeUndefined()
  })

  it('leaves both to cert-manager on demand, and takes the controller’s rights to them', () => {
    const manifests = render({ values: { 'certManager.enabled': true } })
    const { spec } = find(manifests, 'Certificate')!
    expect(spec).toMatchObject({
      secretName: 'fanout-relay-webhook-certificate',
      dnsNames: expect.arrayContaining(['fanout-relay-injector.relays.svc']),
      issuerRef: { kind: 'Issuer', name: find(manifests, 'Issuer')!.metadata.name },
    })
    expect(find(manifests, 'MutatingWebhookConfiguration')!.metadata.annotations).toEqual({
      'cert-manager.io/inject-ca-from': 'relays/fanout-relay-injector',
    })
    const pod = find(manifests, 'Deployment')!['spec'].template.spec
    const [{ args, volumeMounts }] = pod.containers
    expect(args).toContain(`--webhook-certificate=${volumeMounts[0].mountPath}`)
    expect(pod.volumes).toEqual([{ name: volumeMounts[0].name, secret: { secretName: spec.secretName } }])
    const roles = manifests.filter(({ metadata }) => metadata.name === controllerName)
    expect(JSON.stringify(roles)).not.toMatch(/secrets|mutatingwebhookconfigurations/)
  })

  it('uses an issuer that is there already', () => {
    const issuerRef = { kind: 'ClusterIssuer', name: 'company' }
    const manifests = render({ values: { 'certManager.enabled': true, 'certManager.issuerRef': issuerRef } })
    expect(find(manifests, 'Certificate')!['spec'].issuerRef).toEqual(issuerRef)
    expect(find(manifests, 'Issuer')).toBeUndefined()
  })

  it('goes with its rights when it is switched off', () => {
    const manifests = render({ values: { 'injector.enabled': false, 'tests.enabled': false } })
    for (const kind of ['MutatingWebhookConfiguration', 'Service'])
      expect(find(manifests, kind)).toBeUndefined()
    const rules = manifests.flatMap(({ rules = [] }) => rules as { resources: string[] }[])
    expect(rules.flatMap(({ resources }) => resources)).not.toContain('secrets')
    expect(rules.flatMap(({ resources }) => resources)).not.toContain('mutatingwebhookconfigurations')
    expect(find(manifests, 'Deployment')!['spec'].template.spec.containers[0].args.join()).not.toContain(
      '--relay-',
    )
  })
})

describe.runIf(hasHelm())('the gateway', () => {
  it('is not there unless asked for', () => {
    expect(render().some(({ metadata }) => metadata.name.endsWith('-gateway'))).toBe(false)
  })

  it('has the replicas asked for', () => {
    const { spec } = one('Deployment', 'fanout-relay-gateway', { ...gateway, 'gateway.replicaCount': 5 })!
    expect(spec.replicas).toBe(5)
  })

  it('has no replicas when autoscaling is on, so that none are set back', () => {
    const values = { ...gateway, 'gateway.autoscaling.enabled': true }
    expect(one('Deployment', 'fanout-relay-gateway', values)!['spec']).not.toHaveProperty('replicas')
    expect(one('HorizontalPodAutoscaler', undefined, values)!['spec']).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'fanout-relay-gateway' },
      minReplicas: 2,
      maxReplicas: 10,
    })
    expect(one('HorizontalPodAutoscaler', undefined, gateway)).toBeUndefined()
  })

  it('is named after its release, so that a cluster can have several', () => {
    const manifests = render({ release: 'shop-edge', values: { ...gateway, 'controller.enabled': false } })
    const names = new Set(
      manifests.map(({ kind, metadata }) => kind !== 'CustomResourceDefinition' && metadata.name),
    )
    expect([...names].filter(Boolean).sort()).toEqual(['shop-edge-gateway', 'shop-edge-test'])
    expect(one('Deployment', 'edge', { ...gateway, 'gateway.name': 'edge' })).toBeDefined()
  })

  it('takes requests from outside the pod, at the port that the Service sends to', () => {
    const [container] = gatewayPod().spec.containers
    expect(container.args).toContain('--listen=0.0.0.0:4780')
    const { spec } = one('Service', 'fanout-relay-gateway', gateway)!
    expect(spec.ports).toEqual([expect.objectContaining({ port: 80, targetPort: 4780 })])
    expect(gatewayPod().metadata.labels).toMatchObject(spec.selector)
  })

  it('may read the routes of its namespace and nothing else', () => {
    expect(one('Role', 'fanout-relay-gateway', gateway)!['rules']).toEqual([
      { apiGroups: ['fanoutrelay.dev'], resources: ['fanoutroutes'], verbs: ['get', 'list', 'watch'] },
    ])
    expect(one('ClusterRoleBinding', 'fanout-relay-gateway', gateway)).toBeUndefined()
  })

  it('gets the files that an injected relay gets, and no token besides', () => {
    const { spec } = gatewayPod({ 'gateway.secrets': ['crm.token'] })
    expect(spec.automountServiceAccountToken).toBe(false)
    const mounts = spec.containers[0].volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)
    expect(mounts).toEqual([
      '/var/run/secrets/fanoutrelay.dev/serviceaccount',
      '/etc/fanout-relay/podinfo',
      '/var/cache/fanout-relay',
      '/etc/fanout-relay/secrets/crm.token',
    ])
    const names = spec.volumes.map(({ name }: { name: string }) => name)
    expect(spec.containers[0].volumeMounts.map(({ name }: { name: string }) => name)).toEqual(names)
  })

  it('keeps no node from being removed by its route cache', () => {
    const evictable = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes'
    expect(gatewayPod().metadata.annotations).toEqual({ [evictable]: 'fanout-relay-cache' })
    const own = { [evictable]: 'fanout-relay-cache,mine', a: 'b' }
    expect(gatewayPod({ 'gateway.podAnnotations': own }).metadata.annotations).toEqual(own)
  })

  it('is not injected, being a relay', () => {
    expect(gatewayPod().metadata.labels).toMatchObject({ 'fanoutrelay.dev/inject': 'false' })
  })

  it('is not injected either when labels of its pods say otherwise', () => {
    const inject = { 'fanoutrelay.dev/inject': 'true' }
    const values = { 'gateway.podLabels': inject, 'global.commonLabels': inject }
    expect(gatewayPod(values).metadata.labels).toMatchObject({ 'fanoutrelay.dev/inject': 'false' })
  })

  it('has labels that routes can select it by', () => {
    expect(gatewayPod({ 'gateway.podLabels': { edge: 'true' } }).metadata.labels).toMatchObject({
      edge: 'true',
    })
  })

  it('reads the URL of the store of limits from a Secret', () => {
    expect(gatewayPod({ 'gateway.rateLimitStore.secretName': 'limits' }).spec.containers[0].env).toEqual([
      { name: 'FANOUT_RATE_LIMIT_STORE', valueFrom: { secretKeyRef: { name: 'limits', key: 'url' } } },
    ])
    expect(gatewayPod().spec.containers[0]).not.toHaveProperty('env')
  })

  it('has a disruption budget only with replicas to spare', () => {
    const budget = (values: object) =>
      one('PodDisruptionBudget', 'fanout-relay-gateway', { ...gateway, ...values })
    expect(budget({})!['spec']).toMatchObject({ maxUnavailable: 1 })
    expect(budget({ 'gateway.replicaCount': 1 })).toBeUndefined()
    const autoscaled = { 'gateway.replicaCount': 1, 'gateway.autoscaling.enabled': true }
    expect(budget(autoscaled)).toBeDefined()
    expect(budget({ ...autoscaled, 'gateway.autoscaling.minReplicas': 1 })).toBeUndefined()
  })
})

describe.runIf(hasHelm())('PodMonitors', () => {
  const on = { 'metrics.podMonitor.enabled': true }
  const monitors = (values: object, apiVersions: readonly string[] = []) =>
    render({ values, apiVersions }).filter(({ kind }) => kind === 'PodMonitor')

  it('are not there unless asked for', () => expect(monitors({}, [podMonitor])).toEqual([]))

  it('are left out, fail or are rendered where the cluster does not know them', () => {
    expect(monitors(on)).toEqual([])
    expect(refusal({ values: { ...on, 'metrics.podMonitor.renderMode': 'failIfMissing' } })).toContain(
      'install the Prometheus Operator',
    )
    expect(monitors({ ...on, 'metrics.podMonitor.renderMode': 'alwaysRender' })).toHaveLength(2)
  })

  it.each(['skipIfMissing', 'failIfMissing', 'alwaysRender'])(
    'are rendered with %s where it does',
    renderMode => {
      expect(monitors({ ...on, 'metrics.podMonitor.renderMode': renderMode }, [podMonitor])).toHaveLength(2)
    },
  )

  it('are rendered by tools that know the group of PodMonitor and no kinds', () => {
    expect(monitors(on, ['monitoring.coreos.com/v1'])).toHaveLength(2)
  })

  it('are left out where a cluster has other kinds of that group', () => {
    const kinds = ['v1/Pod', 'monitoring.coreos.com/v1', 'monitoring.coreos.com/v1/ServiceMonitor']
    expect(monitors(on, kinds)).toEqual([])
  })

  it('find relays of all namespaces by container and port, whatever their pods are called', () => {
    const monitor = find(monitors(on, [podMonitor]), 'PodMonitor', 'fanout-relay')!
    expect(monitor['spec']).toMatchObject({
      selector: {},
      namespaceSelector: { any: true },
      podMetricsEndpoints: [
        {
          port: 'fanout-metrics',
          path: '/metrics',
          relabelings: [
            { action: 'keep', sourceLabels: ['__meta_kubernetes_pod_container_name'], regex: 'fanout-relay' },
          ],
        },
      ],
    })
    const [container] = gatewayPod().spec.containers
    expect(container.name).toBe('fanout-relay')
    expect(container.ports).toContainEqual({ name: 'fanout-metrics', containerPort: 4782 })
  })

  it('carry the labels that a Prometheus selects by', () => {
    for (const { metadata } of monitors({ ...on, 'metrics.podMonitor.labels': { release: 'prometheus' } }, [
      podMonitor,
    ]))
      expect(metadata.labels).toMatchObject({ release: 'prometheus' })
  })
})

describe.runIf(hasHelm())('further volumes', () => {
  const extraVolumes = [{ name: 'ca', configMap: { name: 'ca' } }]
  const extraVolumeMounts = [{ name: 'ca', mountPath: '/etc/ca', readOnly: true }]

  it('are mounted in the controller, beside a certificate', () => {
    const values = {
      'controller.extraVolumes': extraVolumes,
      'controller.extraVolumeMounts': extraVolumeMounts,
    }
    const { spec } = controllerPod(values)
    expect([spec.volumes, spec.containers[0].volumeMounts]).toEqual([extraVolumes, extraVolumeMounts])
    const { spec: both } = controllerPod({ ...values, 'certManager.enabled': true })
    expect([both.volumes, both.containers[0].volumeMounts]).toEqual([
      [expect.objectContaining({ name: 'certificate' }), ...extraVolumes],
      [expect.objectContaining({ name: 'certificate' }), ...extraVolumeMounts],
    ])
    expect(controllerPod().spec).not.toHaveProperty('volumes')
  })

  it('are mounted in the gateway, after its own', () => {
    const { spec } = gatewayPod({
      'gateway.extraVolumes': extraVolumes,
      'gateway.extraVolumeMounts': extraVolumeMounts,
    })
    expect(spec.volumes.at(-1)).toEqual(extraVolumes[0])
    expect(spec.containers[0].volumeMounts.at(-1)).toEqual(extraVolumeMounts[0])
  })
})

describe.runIf(hasHelm())('user ids', () => {
  it('are left to a cluster that chooses them', () => {
    const byCluster = { runAsUser: null, runAsGroup: null }
    const text = JSON.stringify(
      render({
        values: {
          ...gateway,
          'relay.runAsUser': null,
          'controller.podSecurityContext': byCluster,
          'gateway.podSecurityContext': byCluster,
        },
      }),
    )
    expect(text.match(/"runAs(User|Group)":|65532/g)).toBeNull()
  })
})

describe.runIf(hasHelm())('the pod of helm test', () => {
  it('is not injected, whatever its namespace says', () => {
    const values = { ...gateway, 'controller.enabled': false, 'global.commonLabels': { a: 'b' } }
    expect(one('Pod', undefined, values)!.metadata.labels).toMatchObject({
      'fanoutrelay.dev/inject': 'false',
      a: 'b',
    })
  })
})

describe.runIf(hasHelm())('NetworkPolicies', () => {
  const on = { ...gateway, 'networkPolicy.enabled': true }
  const ingress = (name: string, values: object = {}) =>
    one('NetworkPolicy', name, { ...on, ...values })!['spec'].ingress

  it('are not there unless asked for', () => {
    expect(one('NetworkPolicy', controllerName)).toBeUndefined()
    expect(one('NetworkPolicy', 'fanout-relay-gateway', gateway)).toBeUndefined()
  })

  it('open the webhook to all, unless told who asks it', () => {
    expect(ingress(controllerName)[0]).toEqual({ ports: [{ protocol: 'TCP', port: 10250 }] })
    const peers = [{ ipBlock: { cidr: '10.0.0.1/32' } }]
    expect(ingress(controllerName, { 'networkPolicy.webhookFrom': peers })[0].from).toEqual(peers)
  })

  it('open metrics to pods alone, and those of relays to the controller as well', () => {
    const anyPod = { namespaceSelector: {} }
    expect(ingress(controllerName)[1]).toEqual({ ports: [{ protocol: 'TCP', port: 8080 }], from: [anyPod] })
    const peers = [{ namespaceSelector: { matchLabels: { a: 'b' } } }]
    const { from } = ingress('fanout-relay-gateway', { 'networkPolicy.metricsFrom': peers })[1]
    expect(from).toEqual([expect.objectContaining({ podSelector: expect.anything() }), ...peers])
    expect(controllerPod().metadata.labels).toMatchObject(from[0].podSelector.matchLabels)
  })
})

describe.runIf(hasHelm())('the notes', () => {
  it('name the next three commands', () => {
    const commands = notes().match(/^ {2}kubectl .*$/gm)!
    expect(commands.slice(0, 3).map(line => line.trim().split(' ')[1])).toEqual(['label', 'apply', 'get'])
  })

  it('name another first command where no pod is injected by itself', () => {
    const text = notes({ values: { 'injector.enabled': false } })
    const commands = text.match(/^ {2}(kubectl|fanout-relay) .*$/gm)!
    expect(commands.map(line => line.trim().split(' ').slice(0, 2).join(' '))).toEqual([
      'fanout-relay inject',
      'kubectl apply',
      'kubectl get',
    ])
    expect(text).not.toMatch(/fanoutrelay\.dev\/injection|from now on|rollout restart/)
  })

  it('speak of a gateway alone where there is nothing else', () => {
    const text = notes({ values: { ...gateway, 'controller.enabled': false } })
    expect(text).not.toMatch(/fanoutrelay\.dev\/injection|from now on|fanout-relay inject/)
    expect(text).toContain('http://fanout-relay-gateway.relays')
  })

  it('tell the port where relays listen', () => {
    expect(notes()).toContain('http://localhost:4780')
    expect(notes({ values: { 'relay.defaults.port': 4790 } })).toContain('http://localhost:4790')
  })

  it('warn of nothing by default', () => expect(notes(gatewayOn)).not.toContain('WARNING'))

  it.each([
    [{ 'controller.replicaCount': 1 }, 'one replica of the controller'],
    [{ 'injector.failurePolicy': 'Ignore' }, 'pods start without the relay'],
    [{ 'crds.keep': false }, 'will delete every FanOutRoute'],
    [{ 'rbac.create': false }, 'the controller waits for its roles'],
    [{ 'rbac.create': false }, '`helm test` fails without its own'],
    [{ enabled: false }, 'enabled is false, which only counts where another chart names it'],
    [{ ...gateway, 'gateway.shutdownTimeout': '30s' }, 'kills replicas with requests in flight'],
    [{ ...gateway, 'gateway.shutdownTimeout': '1m30s500ms' }, 'kills replicas with requests in flight'],
    [{ ...gateway, 'gateway.terminationGracePeriodSeconds': 25 }, 'kills replicas with requests in flight'],
    [{ ...gateway, 'gateway.drainDelay': '25s' }, 'no time is left for requests in flight'],
    [{ 'controller.enabled': false }, 'nothing runs'],
    [{ 'metrics.podMonitor.enabled': true }, 'nothing is scraped'],
    [{ 'metrics.podMonitor.enabled': true, 'controller.enabled': false }, 'does nothing here'],
    [
      { ...gateway, 'gateway.autoscaling.enabled': true, 'gateway.resources': { requests: { cpu: null } } },
      'gateway.autoscaling needs gateway.resources.requests.cpu',
    ],
  ])('warn of %j', (values, warning) => expect(notes({ values })).toContain(warning))
})

const gatewayOn: RenderOptions = { values: gateway }
