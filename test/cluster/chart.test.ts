import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { goldenRights } from '../chart/golden-rights.ts'
import { chart, type Manifest, render } from '../chart/support/helm.ts'
import { parseRights } from '../chart/support/rights.ts'
import { routeObject } from '../plan/snapshot.ts'
import { makeCertificate } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import type { ApiAnswer } from './support/api-client.ts'
import { runCommand } from './support/command.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { crdFile, routesPath } from './support/routes.ts'
import { hasClusterTools } from './support/tools.ts'

const release = 'fanout-relay'
const controller = 'fanout-relay-controller'
const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/fanoutroutes.fanoutrelay.dev'
const webhookPath =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/fanout-relay-injector'
const rbac = '/apis/rbac.authorization.k8s.io/v1'
const valueSets = readdirSync(join(chart, 'ci')).map(name => join(chart, 'ci', name))

/** A kind that another operator brings; of it only the name matters here. */
const foreignKind = (group: string, kind: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural: `${kind.toLowerCase()}s` },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
})
const foreignKinds = [
  foreignKind('monitoring.coreos.com', 'PodMonitor'),
  foreignKind('cert-manager.io', 'Certificate'),
  foreignKind('cert-manager.io', 'Issuer'),
]

/** Answers every review as a webhook that injects would. */
const fakeWebhook = async () => {
  const ca = makeCertificate({ name: 'webhook authority', isAuthority: true })
  const issuer = { name: 'webhook authority', key: ca.key }
  const { cert, key } = makeCertificate({ name: 'webhook', issuer, ip: [127, 0, 0, 1] })
  const server = createTlsServer({ cert, key }, async (request, response) => {
    const { uid } = (JSON.parse(await text(request)) as { request: { uid: string } }).request
    response.end(JSON.stringify({ response: { uid, allowed: true, patch: 'W10=' } }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mutate`
  return { url, ca: ca.cert, close: () => server.close() }
}

describe.runIf(hasClusterTools())('the chart on an API server', { timeout: 180_000 }, () => {
  let plane: ControlPlane
  const tokens = new Map<string, string>()

  const must = async (result: Promise<{ code: number; stdout: string; stderr: string }>) => {
    const { code, stdout, stderr } = await result
    expect(stderr.replaceAll(/^level=\w+ msg="(?:.*)$/gm, '')).not.toMatch(/^(Error|error):/m)
    expect(code, stderr).toBe(0)
    return stdout
  }
  const helm = (...args: readonly string[]) => must(plane.helm(...args))
  const upgrade = (from: string, ...args: readonly string[]) =>
    helm('upgrade', release, from, '--namespace', 'relays', '--reuse-values', ...args)
  const get = async (path: string) => (await plane.request('GET', path)).object as unknown as Manifest
  const asController = async () => {
    const known = tokens.get(controller) ?? (await plane.tokenFor(controller, 'relays'))
    tokens.set(controller, known)
    return known
  }
  const rightsOf = async (serviceAccount: string, home: string, namespace: string) => {
    const list = async (name: string, of: string) => {
      const env = { KUBECONFIG: plane.kubeconfigFor(await plane.tokenFor(name, of)) }
      return parseRights(await must(plane.kubectlWith({ env }, 'auth', 'can-i', '--list', '-n', namespace)))
    }
    const everybodys = new Set(await list('default', 'nobody'))
    return (await list(serviceAccount, home)).filter(right => !everybodys.has(right))
  }
  const tryPod = ({ metadata, spec }: Manifest, namespace: string): Promise<ApiAnswer> =>
    plane.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`, {
      body: { metadata: { ...metadata, name: 'pod' }, spec: { ...spec, serviceAccountName: 'default' } },
    })

  beforeAll(async () => {
    plane = await startControlPlane()
    await plane.createNamespace('strict', { 'pod-security.kubernetes.io/enforce': 'restricted' })
    for (const namespace of ['relays', 'shop', 'nobody']) await plane.createNamespace(namespace)
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    for (const body of foreignKinds)
      expect(await plane.request('POST', crds, { body })).toMatchObject({ status: 201 })
    // kubectl finds a kind a moment after it is established.
    await eventually(async () => {
      const known = (await must(plane.kubectl('api-resources', '-o', 'name'))).split('\n')
      expect(known).toEqual(expect.arrayContaining(foreignKinds.map(({ metadata }) => metadata.name)))
    }, 60_000)
  }, 120_000)
  afterAll(() => plane?.stop())

  describe('before it is installed', () => {
    it.each(valueSets)('every object of %s is valid to the API server', async file => {
      const objects = render({ valuesFile: file }).filter(
        ({ metadata }) => !metadata.annotations?.['helm.sh/hook'],
      )
      const input = objects.map(object => JSON.stringify(object)).join('\n---\n')
      const dryRun = [
        'apply',
        '--server-side',
        '--dry-run=server',
        '--validate=strict',
        '-n',
        'relays',
        '-f',
        '-',
      ]
      const applied = await must(plane.kubectlWith({ input }, ...dryRun))
      expect(applied.trim().split('\n')).toHaveLength(objects.length)
    })

    it.each(valueSets)('every pod of %s is admitted where Pod Security is restricted', async file => {
      const pods = render({ valuesFile: file, namespace: 'strict' }).flatMap(object =>
        object.kind === 'Pod' ? [object] : object.kind === 'Deployment' ? [object['spec'].template] : [],
      )
      expect(pods).not.toHaveLength(0)
      for (const pod of pods) {
        const { status, object } = await tryPod(pod, 'strict')
        expect(object.message).toBeUndefined()
        expect(status).toBe(201)
      }
    })
  })

  describe('installed', () => {
    beforeAll(async () => {
      await helm('install', release, chart, '--namespace', 'relays')
      const body = routeObject('orders')
      await eventually(async () =>
        expect((await plane.request('POST', routesPath('shop'), { body })).status).toBe(201),
      )
    }, 60_000)

    it('makes what it says, and nothing else', async () => {
      const names = render()
        .filter(({ metadata }) => !metadata.annotations?.['helm.sh/hook'])
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
      const made = await helm('get', 'manifest', release, '--namespace', 'relays')
      expect(made.match(/^kind: .*$/gm)).toHaveLength(names.length)
    })

    it('cannot be installed twice: what it makes is the cluster’s', async () => {
      const { code, stderr } = await plane.helm('install', 'second', chart, '--namespace', 'shop')
      expect(code).toBe(1)
      expect(stderr).toContain('cannot be imported into the current release')
    })

    it('never touches the bundle that the controller writes', async () => {
      const webhooks = (await get(webhookPath))['webhooks'] as readonly { name: string }[]
      const { cert } = makeCertificate({ name: 'webhook', isAuthority: true })
      const caBundle = Buffer.from(cert).toString('base64')
      const patch = webhooks.map((_, index) => ({
        op: 'add',
        path: `/webhooks/${index}/clientConfig/caBundle`,
        value: caBundle,
      }))
      const token = await asController()
      const options = { token, body: patch, contentType: 'application/json-patch+json' }
      await eventually(async () =>
        expect((await plane.request('PATCH', webhookPath, options)).object.message).toBeUndefined(),
      )
      await upgrade(chart, '--set', 'injector.timeoutSeconds=7')
      for (const { timeoutSeconds, clientConfig } of (await get(webhookPath))['webhooks']) {
        expect(timeoutSeconds).toBe(7)
        expect(clientConfig.caBundle).toBe(caBundle)
      }
    })

    const deployments = '/apis/apps/v1/namespaces/relays/deployments'
    const replicasOf = async (name: string): Promise<number> =>
      (await get(`${deployments}/${name}`))['spec'].replicas

    it('changes what values change', async () => {
      await upgrade(chart, '--set', 'controller.replicaCount=3', '--set', 'gateway.enabled=true')
      expect(await replicasOf(controller)).toBe(3)
      expect(await replicasOf('fanout-relay-gateway')).toBe(2)
    })

    it('gives replicas up to an autoscaler, as docs/kubernetes/upgrade.md says it', async () => {
      const input = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: fanout-relay-gateway}, spec: {replicas: 2}}`
      const kept = ['apply', '--server-side', '--field-manager=until-autoscaled', '-n', 'relays', '-f', '-']
      await must(plane.kubectlWith({ input }, ...kept))
      await upgrade(chart, '--set', 'gateway.autoscaling.enabled=true')
      expect(await replicasOf('fanout-relay-gateway')).toBe(2)
      await must(plane.kubectl('scale', 'deployment/fanout-relay-gateway', '--replicas=7', '-n', 'relays'))
      await upgrade(chart, '--set', 'gateway.logLevel=debug')
      expect(await replicasOf('fanout-relay-gateway')).toBe(7)
    })

    it('upgrades the CRD and keeps every route', async () => {
      const before = await get(`${routesPath('shop')}/orders`)
      const folder = mkdtempSync(join(tmpdir(), 'fanout-chart-'))
      try {
        cpSync(chart, folder, { recursive: true })
        const file = join(folder, 'templates/crds/fanoutroutes.yaml')
        const changed = readFileSync(file, 'utf8').replace(
          '        - name: Path\n',
          '        - name: Where\n',
        )
        writeFileSync(file, changed)
        await upgrade(folder)
      } finally {
        rmSync(folder, { recursive: true })
      }
      const [version] = (await get(crdPath))['spec'].versions
      expect(version.additionalPrinterColumns[0].name).toBe('Where')
      await eventually(async () => expect(await get(`${routesPath('shop')}/orders`)).toEqual(before))
      await upgrade(chart)
    })

    it('leaves PodMonitors out until the cluster knows them', async () => {
      const monitors = '/apis/monitoring.coreos.com/v1/namespaces/relays/podmonitors'
      expect((await get(monitors))['items']).toEqual([])
      await upgrade(chart, '--set', 'metrics.podMonitor.enabled=true')
      expect((await get(monitors))['items']).toHaveLength(2)
    })

    it('lets a namespace have a gateway of its own', async () => {
      const values = join(chart, 'ci/gateway-only-values.yaml')
      await helm('install', 'edge', chart, '--namespace', 'shop', '--values', values)
      const token = await plane.tokenFor('edge-gateway', 'shop')
      // RBAC takes a moment to see a new binding.
      await eventually(async () =>
        expect((await plane.request('GET', routesPath('shop'), { token })).object['items']).toHaveLength(1),
      )
      expect((await plane.request('GET', routesPath('relays'), { token })).status).toBe(403)
      await helm('uninstall', 'edge', '--namespace', 'shop')
      expect((await plane.request('GET', `${routesPath('shop')}/orders`)).status).toBe(200)
    })
  })

  describe('a release with dots in its name', () => {
    it('has a gateway with a Service', async () => {
      const values = join(chart, 'ci/gateway-only-values.yaml')
      await helm('install', 'my.release', chart, '--namespace', 'shop', '--values', values)
      const { spec } = await get('/api/v1/namespaces/shop/services/my-release-gateway')
      expect(spec.selector['app.kubernetes.io/instance']).toBe('my.release')
      await helm('uninstall', 'my.release', '--namespace', 'shop')
    })
  })

  describe('rights', () => {
    beforeAll(async () => {
      for (const [name, namespace] of [
        ['checkout', 'shop'],
        ['checkout', 'nobody'],
      ] as const)
        await plane.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
          body: { metadata: { name } },
        })
    })
    const bind = async (name: string, clusterRole: string) =>
      plane.request('PATCH', `${rbac}/namespaces/shop/rolebindings/${name}?fieldManager=${controller}`, {
        token: await asController(),
        contentType: 'application/apply-patch+yaml',
        body: {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: clusterRole },
          subjects: [
            { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:serviceaccounts:shop' },
          ],
        },
      })

    it('of the controller let it hand out the reader, under that name, and no right that it has not', async () => {
      expect((await bind('fanout-relay-reader', 'fanout-relay-reader')).status).toBe(201)
      expect((await bind('other', 'fanout-relay-reader')).status).toBe(403)
      const path = `${rbac}/namespaces/shop/rolebindings/fanout-relay-reader`
      const token = await asController()
      expect((await plane.request('DELETE', path, { token })).status).toBe(200)
      for (const role of ['cluster-admin', 'system:node', 'system:kube-scheduler'])
        expect((await bind('fanout-relay-reader', role)).status, role).toBe(403)
      expect((await bind('fanout-relay-reader', 'fanout-relay-reader')).status).toBe(201)
    })

    it('of the controller let it see the bindings of that name', async () => {
      const token = await asController()
      const all = `${rbac}/rolebindings`
      expect((await plane.request('GET', all, { token })).status).toBe(403)
      const own = await plane.request('GET', `${all}?fieldSelector=metadata.name%3Dfanout-relay-reader`, {
        token,
      })
      expect(own.object['items']).toHaveLength(1)
    })

    const lease = { metadata: { name: controller } }
    const secret = { metadata: { name: 'fanout-relay-webhook-certificate' } }
    const own = '/api/v1/namespaces/relays'
    const leases = '/apis/coordination.k8s.io/v1/namespaces/relays/leases'
    const contentType = 'application/apply-patch+yaml'
    it.each([
      ['make its lease', 'POST', leases, { body: lease }, 201],
      ['touch no other lease', 'GET', `${leases}/other`, {}, 403],
      ['keep its certificate', 'POST', `${own}/secrets`, { body: secret }, 201],
      ['renew that', 'PUT', `${own}/secrets/${secret.metadata.name}`, { body: secret }, 200],
      ['read no other Secret', 'GET', `${own}/secrets/other`, {}, 403],
      ['list no Secrets', 'GET', `${own}/secrets`, {}, 403],
      ['make no Secret elsewhere', 'POST', '/api/v1/namespaces/shop/secrets', { body: secret }, 403],
      ['make no pods', 'POST', `${own}/pods`, { body: {} }, 403],
      ['change no route', 'PUT', `${routesPath('shop')}/orders`, { body: routeObject('orders') }, 403],
      [
        'write the status of one',
        'PATCH',
        `${routesPath('shop')}/orders/status?fieldManager=${controller}&force=true`,
        {
          contentType,
          body: {
            apiVersion: 'fanoutrelay.dev/v1alpha1',
            kind: 'FanOutRoute',
            metadata: { name: 'orders' },
            status: { summary: { relays: '0/0' } },
          },
        },
        200,
      ],
      [
        'tell of it',
        'POST',
        '/apis/events.k8s.io/v1/namespaces/shop/events',
        {
          body: {
            metadata: { name: 'orders.1' },
            eventTime: '2026-01-01T00:00:00.000000Z',
            reportingController: 'fanoutrelay.dev/controller',
            reportingInstance: 'pod',
            action: 'Reconcile',
            reason: 'RouteAccepted',
            type: 'Normal',
            note: 'valid',
            regarding: { kind: 'FanOutRoute', namespace: 'shop', name: 'orders' },
          },
        },
        201,
      ],
    ] as const)('of the controller let it %s', async (_what, method, path, options, expected) => {
      const { status, object } = await plane.request(method, path, {
        ...options,
        token: await asController(),
      })
      expect(status, object.message).toBe(expected)
    })

    it('of the controller let it renew its lease', async () => {
      const token = await asController()
      const path = `${leases}/${controller}`
      const { object } = await plane.request('GET', path, { token })
      expect((await plane.request('PUT', path, { token, body: object })).status).toBe(200)
    })

    it.each([
      ['the controller, in its own', controller, 'relays', 'relays'],
      ['the controller, in a namespace of others', controller, 'relays', 'shop'],
      ['a gateway, in its own', 'fanout-relay-gateway', 'relays', 'relays'],
      ['a gateway, in a namespace of others', 'fanout-relay-gateway', 'relays', 'shop'],
      ['an application, where the controller has bound the reader', 'checkout', 'shop', 'shop'],
      ['an application, elsewhere', 'checkout', 'nobody', 'shop'],
    ])('of %s are the golden list', async (title, serviceAccount, home, namespace) => {
      await eventually(async () =>
        expect(await rightsOf(serviceAccount, home, namespace)).toEqual([...goldenRights[title]!].sort()),
      )
    })

    it.each([
      ['edit', 'create', 'yes'],
      ['view', 'list', 'yes'],
      ['view', 'create', 'no'],
    ])('of the role %s include to %s routes: %s', async (role, verb, answer) => {
      // Nobody aggregates here: that is a controller of Kubernetes. What it would add up is looked at.
      const { items } = (await get(`${rbac}/clusterroles`)) as unknown as { items: readonly Manifest[] }
      const label = `rbac.authorization.k8s.io/aggregate-to-${role}`
      const rules = items
        .filter(
          ({ metadata }) => metadata.name.startsWith('fanout-relay') && metadata.labels?.[label] === 'true',
        )
        .flatMap(({ rules }) => rules as readonly { verbs: readonly string[] }[])
      expect(rules.some(({ verbs }) => verbs.includes(verb)) ? 'yes' : 'no').toBe(answer)
    })
  })

  describe('helm test', () => {
    const hooks = render({ values: { 'gateway.enabled': true } }).filter(({ metadata }) =>
      metadata.annotations?.['helm.sh/hook']?.includes('test'),
    )
    const script = hooks.find(({ kind }) => kind === 'Pod')!['spec'].containers[0].args[0]

    it('has its script from the file', () =>
      expect(script).toBe(readFileSync(join(chart, 'files/helm-test.mjs'), 'utf8')))

    it('asks for a route and a pod with no more rights than it has, and fails when the webhook does', async () => {
      const input = hooks
        .filter(({ kind }) => kind !== 'Pod')
        .map(object => JSON.stringify(object))
        .join('\n---\n')
      await must(plane.kubectlWith({ input }, 'apply', '-f', '-'))
      const files = mkdtempSync(join(tmpdir(), 'fanout-helm-test-'))
      writeFileSync(join(files, 'token'), await plane.tokenFor('fanout-relay-test', 'relays'))
      cpSync(plane.caFile, join(files, 'ca.crt'))
      const webhook = await fakeWebhook()
      const gateway = createServer((_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1')
      try {
        await once(gateway, 'listening')
        const env = {
          NAMESPACE: 'relays',
          TOKEN_DIR: files,
          API_SERVER: plane.url,
          WEBHOOK: webhook.url,
          GATEWAY: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
        }
        const test = () => runCommand(process.execPath, ['--input-type=module', '--eval', script], { env })
        await publish(webhook.ca)
        await eventually(async () =>
          expect(await test()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^(ok {6}.*\n){3}$/) }),
        )
        await publish(makeCertificate({ name: 'another', isAuthority: true }).cert)
        expect(await test()).toMatchObject({
          code: 1,
          stdout: expect.stringMatching(/^FAILED .* the webhook /m),
        })
      } finally {
        await plane.kubectlWith({ input }, 'delete', '-f', '-')
        gateway.close()
        webhook.close()
        rmSync(files, { recursive: true })
      }
    })

    it('names the rights that it misses when somebody else gives them', async () => {
      const values = { 'rbac.create': false }
      const own = render({ values }).filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'])
      expect(own.map(({ kind }) => kind).sort()).toEqual(['Pod', 'ServiceAccount'])
      const input = JSON.stringify(own.find(({ kind }) => kind === 'ServiceAccount'))
      await must(plane.kubectlWith({ input }, 'apply', '-f', '-'))
      const files = mkdtempSync(join(tmpdir(), 'fanout-helm-test-'))
      try {
        writeFileSync(join(files, 'token'), await plane.tokenFor('fanout-relay-test', 'relays'))
        cpSync(plane.caFile, join(files, 'ca.crt'))
        const env = {
          NAMESPACE: 'relays',
          TOKEN_DIR: files,
          API_SERVER: plane.url,
          WEBHOOK: 'https://unused',
        }
        const account = 'User "system:serviceaccount:relays:fanout-relay-test"'
        const fix = 'give it that right \\(docs/kubernetes/rbac.md'
        // RBAC takes a moment to see that the roles of the account of that name are gone.
        await eventually(async () => {
          const asked = runCommand(process.execPath, ['--input-type=module', '--eval', script], { env })
          const { code, stdout } = await asked
          expect(code).toBe(1)
          expect(stdout).toMatch(new RegExp(`${account} cannot create resource "fanoutroutes".*${fix}`))
          expect(stdout).toMatch(
            new RegExp(`${account} cannot get resource "mutatingwebhookconfigurations".*${fix}`),
          )
        })
      } finally {
        await plane.kubectlWith({ input }, 'delete', '-f', '-')
        rmSync(files, { recursive: true })
      }
    })

    const publish = (cert: string) => {
      const value = Buffer.from(cert).toString('base64')
      const body = [0, 1].map(index => ({
        op: 'add',
        path: `/webhooks/${index}/clientConfig/caBundle`,
        value,
      }))
      return plane.request('PATCH', webhookPath, { body, contentType: 'application/json-patch+json' })
    }
  })

  describe('uninstalled', () => {
    it('leaves the CRD and its routes, and nothing else of its own', async () => {
      await helm('uninstall', release, '--namespace', 'relays')
      expect((await plane.request('GET', `${routesPath('shop')}/orders`)).status).toBe(200)
      const kinds =
        'deployments,services,serviceaccounts,roles,rolebindings,networkpolicies,poddisruptionbudgets'
      const cluster = 'clusterroles,clusterrolebindings,mutatingwebhookconfigurations'
      const left = await must(
        plane.kubectl(
          'get',
          `${kinds},${cluster}`,
          '-A',
          '-l',
          'app.kubernetes.io/instance=fanout-relay',
          '-o',
          'name',
        ),
      )
      expect(left).toBe('')
    })

    it('takes the CRD over when it is installed again', async () => {
      await helm('install', release, chart, '--namespace', 'relays', '--set', 'crds.keep=false')
      expect((await plane.request('GET', `${routesPath('shop')}/orders`)).status).toBe(200)
    })

    it('takes everything along with crds.keep=false', async () => {
      await helm('uninstall', release, '--namespace', 'relays')
      await eventually(async () => expect((await plane.request('GET', crdPath)).status).toBe(404), 60_000)
    })

    it('takes over a CRD that was there before, when it is told to', async () => {
      await must(plane.kubectl('apply', '--server-side', '-f', crdFile))
      const install = ['install', release, chart, '--namespace', 'relays']
      expect((await plane.helm(...install)).stderr).toContain('cannot be imported into the current release')
      await helm(...install, '--take-ownership', '--force-conflicts')
    })
  })
})
