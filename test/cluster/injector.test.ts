import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { createCertificates } from '../../src/injector/certificates/create-certificates.ts'
import type { CertificatePolicy } from '../../src/injector/certificates/next-step.ts'
import { createInjector, type Injector } from '../../src/injector/create-injector.ts'
import type { ServedCertificate } from '../../src/injector/injector-options.ts'
import { injectManifests } from '../../src/injector/manifests/inject-manifests.ts'
import type { ClusterClient } from '../../src/kubernetes/api-client.ts'
import { loadCluster } from '../../src/kubernetes/cluster.ts'
import { installation, installRules, installWebhooks } from '../injector/support/cluster-objects.ts'
import { sidecar, silent } from '../injector/support/options.ts'
import { startTcpRelay, type TcpRelay } from '../injector/support/tcp-relay.ts'
import { eventually } from '../support/eventually.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { hasClusterTools } from './support/tools.ts'

/*
 * The webhook served from this process, with certificates that it makes with the token of its ServiceAccount and
 * nothing but the rules of the chart. The namespaces enforce Pod Security restricted.
 */

const dayMs = 86_400_000

const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }
const enabled = { 'fanoutrelay.dev/injection': 'enabled' }

const podOf = (
  name: string,
  { labels = {}, annotations = {} }: Record<string, Record<string, string>> = {},
) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels, annotations },
  spec: {
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'app',
        image: 'shop/checkout:1',
        securityContext: {
          runAsNonRoot: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
    ],
  },
})

interface CreatedPod {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> }
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[]
    readonly containers: readonly { readonly env?: readonly unknown[] }[]
    readonly volumes: readonly { readonly name: string }[]
  }
}

describe.runIf(hasClusterTools())('the injector on a real API server', { timeout: 180_000 }, () => {
  let plane: ControlPlane
  let client: ClusterClient
  let injector: Injector
  let relay: TcpRelay
  let certificates: ReturnType<typeof createCertificates>
  let following: Promise<void>
  const stopping = new AbortController()
  const served: ServedCertificate[] = []
  let hurried = false

  /** The real clock cannot be turned: while `hurried`, a leaf is old after half a second, an authority after five. */
  const policy: CertificatePolicy = {
    get authorityMs() {
      return hurried ? 365 * dayMs + 5_000 : 365 * dayMs
    },
    get leafMs() {
      return hurried ? 364 * dayMs : 90 * dayMs
    },
    get renewBeforeMs() {
      return hurried ? 364 * dayMs - 500 : 30 * dayMs
    },
    // A machine that is busy may need more than one.
    settleMs: 2_000,
  }

  beforeAll(async () => {
    plane = await startControlPlane()
    injector = createInjector({ sidecar, logger: silent })
    await plane.createNamespace(installation)
    await plane.createNamespace('shop', { ...enabled, ...restricted })
    await plane.createNamespace('plain', restricted)
    const kubeconfig = await installRules(plane)
    client = await loadCluster({ kubeconfig })
    certificates = createCertificates({
      client,
      namespace: installation,
      isLeader: () => true,
      logger: silent,
      policy,
      intervalMs: 300,
    })
    const first = new Promise<void>(resolve => {
      const onCertificate = (certificate: ServedCertificate) => {
        served.push(certificate)
        injector.useCertificate(certificate)
        resolve()
      }
      following = certificates.run(onCertificate, stopping.signal)
    })
    await first
    const { port } = await injector.listen({ host: '127.0.0.1', port: 0 })
    relay = await startTcpRelay(port)
    await installWebhooks(plane, relay.port)
    await eventually(() => expectInjected('shop'), 60_000)
  }, 180_000)

  afterAll(async () => {
    stopping.abort()
    await following
    await injector?.close(0)
    relay?.close()
    await client?.close()
    await plane?.stop()
  })

  const create = async (namespace: string, pod: object, ...flags: string[]) => {
    const input = JSON.stringify(pod)
    return plane.kubectlWith({ input }, 'create', '-f', '-', '-n', namespace, '-o', 'json', ...flags)
  }

  const expectInjected = async (namespace: string): Promise<void> => {
    const { stdout, stderr } = await create(namespace, podOf('probe'), '--dry-run=server')
    expect(stderr).toBe('')
    expect((JSON.parse(stdout) as CreatedPod).spec.initContainers?.[0]?.name).toBe('fanout-relay')
  }

  it('gives a pod of an opted-in namespace its relay, and Pod Security restricted lets it pass', async () => {
    const { code, stdout, stderr } = await create('shop', podOf('checkout'))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { metadata, spec } = JSON.parse(stdout) as CreatedPod
    expect(spec.initContainers?.[0]).toMatchObject({
      name: 'fanout-relay',
      image: sidecar.image,
      args: ['run'],
      restartPolicy: 'Always',
      ports: [{ name: 'fanout-metrics', containerPort: 4782 }],
    })
    expect(spec.containers[0]?.env).toEqual([{ name: 'FANOUT_RELAY_URL', value: 'http://localhost:4780' }])
    // Nothing else may hold a token: the pod asked for none.
    expect(spec.volumes.map(({ name }) => name)).toEqual([
      'fanout-relay-token',
      'fanout-relay-podinfo',
      'fanout-relay-cache',
    ])
    expect(metadata.annotations).toMatchObject({
      'fanoutrelay.dev/status': 'injected',
      'fanoutrelay.dev/relay-version': sidecar.version,
    })
  })

  it('takes every annotation to a pod that the API server accepts', async () => {
    const annotations = Object.fromEntries(
      Object.entries({
        port: '5780',
        'admin-port': '5781',
        'telemetry-port': '5782',
        'image-pull-policy': 'Always',
        'cpu-request': '0.1',
        'cpu-limit': '1500m',
        'memory-request': '64Mi',
        'memory-limit': '1G',
        'log-level': 'debug',
        'log-format': 'json',
        'access-log': 'all',
        secrets: 'crm-token,partner.hook',
        'shutdown-timeout': '10s',
      }).map(([name, value]) => [`fanoutrelay.dev/${name}`, value]),
    )
    const { code, stderr } = await create('shop', podOf('tuned', { annotations }))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('shows warnings and refusals in kubectl', async () => {
    const unknown = await create(
      'shop',
      podOf('a', { annotations: { 'fanoutrelay.dev/ports': '1' } }),
      '--dry-run=server',
    )
    expect(unknown.stderr).toMatch(/^Warning: annotation fanoutrelay.dev\/ports is not known/)
    const wrong = await create('shop', podOf('b', { annotations: { 'fanoutrelay.dev/port': '80' } }))
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain(
      'denied the request: annotation fanoutrelay.dev/port cannot be "80": it must be a port from 1024 to 65535, which needs no privilege. Fix: write for example "4780"',
    )
  })

  it('follows the label of the pod before that of its namespace', async () => {
    const out = await create(
      'shop',
      podOf('out', { labels: { 'fanoutrelay.dev/inject': 'false' } }),
      '--dry-run=server',
    )
    expect(JSON.parse(out.stdout).spec).not.toHaveProperty('initContainers')
    const asked = await create(
      'plain',
      podOf('asked', { labels: { 'fanoutrelay.dev/inject': 'true' } }),
      '--dry-run=server',
    )
    expect(JSON.parse(asked.stdout).spec.initContainers[0].name).toBe('fanout-relay')
    const unasked = await create('plain', podOf('unasked'), '--dry-run=server')
    expect(JSON.parse(unasked.stdout).spec).not.toHaveProperty('initContainers')
  })

  it('leaves alone what `inject` has injected, and kubectl takes what it prints', async () => {
    const pod = podOf('by-hand')
    const manifests = `${stringify(pod)}---\n${stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'by-hand' },
      spec: {
        selector: { matchLabels: { app: 'a' } },
        template: { metadata: { labels: { app: 'a' } }, spec: pod.spec },
      },
    })}`
    const { documents, notes } = injectManifests([{ name: 'a.yaml', text: manifests }], sidecar)
    expect(notes).toEqual([])
    const input = documents.map((document, index) => document.toYaml({ first: index === 0 })).join('')
    for (const namespace of ['shop', 'plain']) {
      const applied = await plane.kubectlWith({ input }, 'apply', '-f', '-', '-n', namespace, '-o', 'json')
      expect(applied.stderr).toBe('')
      const [created, deployment] = JSON.parse(applied.stdout).items
      for (const { spec } of [created, deployment.spec.template])
        expect(spec.initContainers.map(({ name }: { name: string }) => name)).toEqual(['fanout-relay'])
    }
  })

  it('is trusted through 20 rotations of its certificate while pods are made', async () => {
    const before = served.length
    hurried = true
    const issuers = () => new Set(served.map(({ cert }) => new X509Certificate(cert).issuer)).size
    const handshakes = relay.accepted()
    let pods = 0
    while (served.length < before + 20 || issuers() < 5 || pods <= 20) {
      await expectInjected('shop')
      pods += 1
      await relay.endConnections()
    }
    hurried = false
    expect(relay.accepted() - handshakes).toBeGreaterThanOrEqual(pods - 1)
  })

  it('can do with its certificate Secret and its webhook configuration what it does, and no more', async () => {
    const ask = (...args: string[]) =>
      plane.kubectl(
        'auth',
        'can-i',
        ...args,
        '--as',
        `system:serviceaccount:${installation}:fanout-relay-controller`,
      )
    const secret = 'secrets/fanout-relay-webhook-certificate'
    for (const verb of ['get', 'update'])
      expect((await ask(verb, secret, '-n', installation)).stdout.trim()).toBe('yes')
    expect((await ask('list', 'secrets', '-n', installation)).stdout.trim()).toBe('no')
    expect((await ask('get', 'secrets/another', '-n', installation)).stdout.trim()).toBe('no')
    expect((await ask('get', secret, '-n', 'shop')).stdout.trim()).toBe('no')
    expect((await ask('patch', 'mutatingwebhookconfigurations/another')).stdout.trim()).toBe('no')
  })

  it('publishes within seconds when the webhook configuration is deleted and made anew', async () => {
    stopping.abort()
    await following
    const steady = new AbortController()
    let looks = 0
    const again = createCertificates({
      client: {
        request: request => {
          if (request.path.includes('/mutatingwebhookconfigurations/')) looks += 1
          return client.request(request)
        },
      },
      namespace: installation,
      isLeader: () => true,
      logger: silent,
      policy,
    })
    following = again.run(certificate => injector.useCertificate(certificate), steady.signal)
    onTestFinished(async () => {
      steady.abort()
      await following
    })
    // The first look, and one in between.
    await eventually(() => expect(looks).toBeGreaterThan(1), 60_000)
    const all = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
    const { object } = await plane.request('GET', `${all}/fanout-relay-injector`)
    const { metadata, webhooks } = object as unknown as {
      metadata: { name: string }
      webhooks: { clientConfig: { caBundle?: string } }[]
    }
    for (const { clientConfig } of webhooks) delete clientConfig.caBundle
    await plane.request('DELETE', `${all}/${metadata.name}`)
    const { status } = await plane.request('POST', all, {
      body: { metadata: { name: metadata.name }, webhooks },
    })
    expect(status).toBe(201)
    await eventually(() => expectInjected('shop'), 15_000)
  })

  it('costs, while it is away, pods that opted in and no others', async () => {
    await injector.close(0)
    const refused = await create('shop', podOf('late'))
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('failed calling webhook "namespace.injector.fanoutrelay.dev"')
    expect((await create('plain', podOf('as-ever'))).code).toBe(0)
    expect(
      (await create('shop', podOf('opted-out', { labels: { 'fanoutrelay.dev/inject': 'false' } }))).code,
    ).toBe(0)
  })
})
