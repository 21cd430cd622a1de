import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { relayBinding } from '../../src/controller/role-binding.ts'
import { makeAuthority, makeLeaf } from '../../src/injector/certificates/make-certificates.ts'
import { cli, type Ran } from '../cli/fixtures.ts'
import { eventually } from '../support/eventually.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { must } from './support/e2e-command.ts'
import { crdFile, installCrd, root, routesPath } from './support/routes.ts'
import { hasClusterTools } from './support/tools.ts'

const home = 'fanout-relay'
const dayMs = 86_400_000
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/fanoutroutes.fanoutrelay.dev'

/** The launcher alone knows by which name it was called. */
const saysHowItWasCalled = readFileSync(join(root, 'bin/fanout-relay'), 'utf8').includes('FANOUT_CALLED_AS')

const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${home}/leases/fanout-relay-controller`
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

/** Codes of an answer of `check -o json`, with what they are about. */
const findings = ({ stdout }: Ran): readonly string[] =>
  (JSON.parse(stdout).findings as readonly { code: string; where: string }[]).map(
    ({ code, where }) => `${code} ${where}`,
  )

describe.runIf(hasClusterTools())('check and get on a real API server', () => {
  let plane: ControlPlane
  beforeAll(async () => {
    plane = await startControlPlane()
    await plane.createNamespace('shop')
    await plane.createNamespace(home)
  })
  afterAll(() => plane?.stop())
  /** There is no leader to renew the lease, which is fresh for 15 s; before it is there, this comes to nothing. */
  const renewLease = async (): Promise<void> => {
    const body = { spec: { renewTime: microTime(Date.now()) } }
    await plane.request('PATCH', leasePath, { body, contentType: 'application/merge-patch+json' })
  }

  const run = (verb: string, ...args: readonly string[]): Promise<Ran> =>
    cli([verb, ...args, '--kubeconfig', plane.adminKubeconfig])
  const checkText = async (...args: readonly string[]): Promise<Ran> => {
    await renewLease()
    return run('check', ...args)
  }
  const check = (...args: readonly string[]) => checkText(...args, '-o', 'json')
  const create = async (path: string, body: object): Promise<void> => {
    const { status, text } = await plane.request('POST', path, { body })
    if (status >= 300) throw new Error(`${path}: ${text}`)
  }
  const patch = async (path: string, body: unknown, contentType = 'application/merge-patch+json') => {
    const { status, text } = await plane.request('PATCH', path, { body, contentType })
    if (status >= 300) throw new Error(`${path}: ${text}`)
  }

  /** What the chart installs and the controller makes, as far as `check` looks. */
  const install = async (): Promise<void> => {
    const now = Date.now()
    const authority = await makeAuthority({ now, notAfter: now + 365 * dayMs })
    const dnsNames = [`fanout-relay-injector.${home}.svc`]
    const leaf = await makeLeaf(authority, { now, notAfter: now + 90 * dayMs, dnsNames })
    const ns = `/api/v1/namespaces/${home}`
    await create(`${ns}/services`, {
      metadata: { name: 'fanout-relay-injector' },
      spec: { ports: [{ port: 443, targetPort: 10250 }] },
    })
    await createSlice(home, 'fanout-relay-injector')
    await create(`${ns}/secrets`, {
      metadata: { name: 'fanout-relay-webhook-certificate' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(leaf.cert), 'tls.key': base64(leaf.key) },
    })
    await create(`/apis/coordination.k8s.io/v1/namespaces/${home}/leases`, {
      metadata: { name: 'fanout-relay-controller' },
      spec: { holderIdentity: 'controller-1', renewTime: microTime(Date.now()) },
    })
    await create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      metadata: { name: 'fanout-relay-reader' },
      rules: [
        { apiGroups: ['fanoutrelay.dev'], resources: ['fanoutroutes'], verbs: ['get', 'list', 'watch'] },
      ],
    })
    // It takes no pods, so that nothing has to answer.
    await create('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
      metadata: { name: 'fanout-relay-injector' },
      webhooks: [
        {
          name: 'namespace.injector.fanoutrelay.dev',
          clientConfig: {
            service: { name: 'fanout-relay-injector', namespace: home, path: '/mutate' },
            caBundle: base64(authority.cert),
          },
          namespaceSelector: { matchLabels: { nobody: 'has-this' } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
        },
      ],
    })
  }

  const createSlice = (namespace: string, service: string): Promise<void> =>
    create(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
      metadata: { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.2.3'], conditions: { ready: true } }],
      ports: [{ port: 8080 }],
    })

  it('allows an administrator to install, and tells others what they may not', async () => {
    expect(await run('check', '--pre', '-n', home)).toMatchObject({ code: 0 })
    const token = await plane.tokenFor('default', 'shop')
    const ran = await cli([
      'check',
      '--pre',
      '-n',
      home,
      '-o',
      'json',
      '--kubeconfig',
      plane.kubeconfigFor(token),
    ])
    expect(findings(ran)).toContain(`FR0261 the whole cluster`)
    expect(findings(ran)).toContain(`FR0261 Namespace ${home}`)
    expect(ran.code).toBe(1)
  })

  it('finds that nothing is installed, in check and in get', async () => {
    const ran = await check('-n', 'shop')
    expect(findings(ran)).toEqual([
      'FR0210 CustomResourceDefinition fanoutroutes.fanoutrelay.dev',
      'FR0225 Deployment fanout-relay-controller',
      'FR0251 ClusterRole fanout-relay-reader',
    ])
    const { code, stderr } = await run('get', '-n', 'shop')
    expect(stderr).toContain('FR0210')
    expect(code).toBe(1)
  })

  it('finds nothing once all is there, and takes the stored CRD for the one it was made from', async () => {
    await installCrd(plane)
    await install()
    const { code, stdout } = await checkText('-A')
    expect(stdout).toContain(
      'ok     fanoutroutes.fanoutrelay.dev is established\nok     it is the one of version',
    )
    expect(stdout).toContain('\nnothing found\n')
    expect(code).toBe(0)
  })

  it('finds a CRD that somebody made by hand before Helm', async () => {
    expect(findings(await check('--pre', '-n', home))).toEqual([
      'FR0262 CustomResourceDefinition fanoutroutes.fanoutrelay.dev',
    ])
  })

  it('finds a CRD that lacks a field', async () => {
    const field = '/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/truncated'
    await patch(crdPath, [{ op: 'remove', path: field }], 'application/json-patch+json')
    const { stdout } = await checkText('-n', 'shop')
    expect(stdout).toContain(
      'FR0211  CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it lacks status.truncated',
    )
    await must(plane.kubectl('apply', '--server-side', '--force-conflicts', '-f', crdFile))
    expect(findings(await check('-n', 'shop'))).toEqual([])
  })

  it('finds pods without relays, misplaced labels, and relays that may not read', async () => {
    await patch('/api/v1/namespaces/shop', {
      metadata: { labels: { 'fanoutrelay.dev/injection': 'enabled' } },
    })
    const containers = [{ name: 'app', image: 'app:1' }]
    await create('/api/v1/namespaces/shop/pods', { metadata: { name: 'checkout' }, spec: { containers } })
    await create('/apis/apps/v1/namespaces/shop/deployments', {
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' }, annotations: { 'fanoutrelay.dev/inject': 'true' } },
          spec: { containers },
        },
      },
    })
    const ran = await check('-n', 'shop')
    expect(findings(ran)).toEqual([
      'FR0250 RoleBinding shop/fanout-relay-reader',
      'FR0230 Pod shop/checkout',
      'FR0232 Deployment shop/web',
    ])
    expect(ran.code).toBe(1)
    // Of another namespace this is not the business.
    expect(findings(await check('-n', 'default'))).toEqual([])
    await create('/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings', relayBinding('shop'))
    await must(plane.kubectl('delete', 'pod/checkout', 'deployment/web', '-n', 'shop', '--now'))
    expect(findings(await check('-n', 'shop'))).toEqual([])
  })

  it('finds what is wrong with routes, with and without a controller', async () => {
    await create(routesPath('shop'), {
      apiVersion: 'fanoutrelay.dev/v1alpha1',
      kind: 'FanOutRoute',
      metadata: { name: 'orders' },
      spec: {
        matches: [{ path: { value: '/orders' } }],
        upstreams: [{ name: 'inventory', backendRef: { name: 'inventory', port: 8080 } }],
      },
    })
    expect(findings(await check('-n', 'shop'))).toEqual([
      'FR0241 FanOutRoute shop/orders',
      'FR0243 FanOutRoute shop/orders',
    ])
    await create('/api/v1/namespaces/shop/services', {
      metadata: { name: 'inventory' },
      spec: { ports: [{ port: 8080 }] },
    })
    expect(findings(await check('-n', 'shop'))).toEqual([
      'FR0243 FanOutRoute shop/orders',
      'FR0245 Service shop/inventory',
    ])
    await createSlice('shop', 'inventory')
    await writeStatus('NoRelays', 'False')
    expect(findings(await check('-n', 'shop'))).toEqual(['FR0242 FanOutRoute shop/orders'])
    await writeStatus('Programmed', 'True')
    expect(findings(await check('-n', 'shop'))).toEqual([])
  })

  /** As the controller does; `summary` feeds the columns. */
  const writeStatus = (reason: string, status: 'True' | 'False', relays = '2/2'): Promise<void> => {
    const condition = (type: string, value = 'True', why = type) => ({
      type,
      status: value,
      reason: why,
      message: `${why} it is`,
      lastTransitionTime: '2026-11-22T12:00:00Z',
      observedGeneration: 1,
    })
    return patch(`${routesPath('shop')}/orders/status`, {
      status: {
        observedGeneration: 1,
        conditions: [
          condition('Accepted'),
          condition('ResolvedRefs'),
          condition('Programmed', status, reason),
          condition('Ready', status, reason),
        ],
        summary: { upstreams: '1 required', strategy: 'Primary', relays },
      },
    })
  }

  it('skips what a ServiceAccount may not read, and does not fail for it', async () => {
    const make = (...args: readonly string[]) => must(plane.kubectl('create', ...args, '-n', 'shop'))
    await make('role', 'routes', '--verb=get,list,watch', '--resource=fanoutroutes.fanoutrelay.dev')
    await make('rolebinding', 'routes', '--role=routes', '--serviceaccount=shop:default')
    const kubeconfig = plane.kubeconfigFor(await plane.tokenFor('default', 'shop'), 'shop')
    await eventually(async () => {
      const { code, stdout } = await cli(['check', '--kubeconfig', kubeconfig])
      expect(stdout).toContain('cannot list resource "pods" in API group "" in the namespace "shop"')
      expect(stdout).toMatch(/\nnothing found; \d+ not looked at\n$/)
      expect(code).toBe(0)
    })
    const other = await cli(['check', '-n', 'default', '--kubeconfig', kubeconfig])
    expect(other.stdout).toContain('FR0203')
    expect(other.code).toBe(1)
  })

  it('says that a lease nobody renews has no leader', async () => {
    await patch(leasePath, {
      spec: { renewTime: '2026-01-01T00:00:00.000000Z' },
    })
    const ran = await run('check', '-n', 'shop', '-o', 'json')
    expect(findings(ran)).toEqual([`FR0226 Lease ${home}/fanout-relay-controller`])
  })

  it('shows the columns that kubectl shows, for one route and for all', async () => {
    const ours = await run('get', 'orders', '-n', 'shop')
    const theirs = await plane.kubectl('get', 'fo', 'orders', '-n', 'shop')
    const cells = (text: string) =>
      text
        .trim()
        .split('\n')
        .map(line => line.trim().split(/ {2,}/).slice(0, -1))
    expect(cells(ours.stdout)).toEqual(cells(theirs.stdout))
    expect((await run('get', 'other', '-n', 'shop')).code).toBe(1)
    expect((await run('get', '-A')).stdout).toMatch(/^NAMESPACE.*\nshop +orders +\/orders +1 required/)
  })

  it('prints YAML that kubectl applies', async () => {
    const { stdout } = await run('get', '-n', 'shop', '-o', 'yaml')
    const applied = await plane.kubectlWith(
      { input: stdout },
      'apply',
      '--server-side',
      '--dry-run=server',
      '-f',
      '-',
    )
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('fanoutrelay.dev/orders') })
  })

  it('follows changes until it is interrupted', async () => {
    const args = ['get', '-n', 'shop', '-w', '-o', 'json', '--kubeconfig', plane.adminKubeconfig]
    const child = spawn(join(root, 'bin/fanout-relay'), args, { env: { PATH: process.env['PATH'] } })
    onTestFinished(() => void child.kill('SIGKILL'))
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
    })
    const relays = () =>
      stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).status.summary.relays)
    await eventually(() => expect(relays()).toEqual(['2/2']), 40_000)
    await writeStatus('Programmed', 'True', '3/3')
    await eventually(() => expect(relays()).toEqual(['2/2', '3/3']))
    child.kill('SIGINT')
    await once(child, 'exit')
    await writeStatus('Programmed', 'True')
  })

  describe('as a plugin of kubectl', () => {
    const kubectl = (...args: readonly string[]) => {
      const directory = mkdtempSync(join(tmpdir(), 'fanout-plugin-'))
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
      // As npm installs it: `kubectl-fanout` is a second name of the same file.
      symlinkSync(join(root, 'bin/fanout-relay'), join(directory, 'kubectl-fanout'))
      return plane.kubectlWith({ env: { PATH: `${directory}:${process.env['PATH']}` } }, ...args)
    }

    it('is found, and works with the cluster that kubectl works with', async () => {
      expect((await kubectl('plugin', 'list')).stdout).toContain('/kubectl-fanout\n')
      const { code, stdout } = await kubectl('fanout', 'get', 'orders', '-n', 'shop')
      expect(stdout).toMatch(/\norders +\/orders +1 required +Primary +True +2\/2 /)
      expect(code).toBe(0)
    })

    it.runIf(saysHowItWasCalled)('calls itself kubectl fanout', async () => {
      expect((await kubectl('fanout', 'help')).stdout).toContain('Usage: kubectl fanout VERB')
      expect((await kubectl('fanout', 'check', '--help')).stdout).toContain(
        'Usage: kubectl fanout check [options]',
      )
      expect((await kubectl('fanout', 'chek')).stderr).toContain('did you mean kubectl fanout check?')
    })
  })
})
