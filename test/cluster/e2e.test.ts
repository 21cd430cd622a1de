import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { binary } from '../e2e/support/running-relay.ts'
import { eventually } from '../support/eventually.ts'
import { freePorts } from '../support/free-ports.ts'
import { type CommandResult, runCommand } from './support/command.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { must } from './support/e2e-command.ts'
import { type ControllerDeployment, openDeployment, type Replica } from './support/e2e-deployment.ts'
import { type RunningContainer, runContainer } from './support/e2e-kubelet.ts'
import { type Load, startLoad } from './support/e2e-load.ts'
import { ordersVersion, versionOf } from './support/e2e-orders.ts'
import { containerOf, type PodObject } from './support/e2e-pod.ts'
import { type Services, startServices } from './support/e2e-services.ts'
import { root, routesPath } from './support/routes.ts'
import { hasClusterTools } from './support/tools.ts'

/*
 * The product from `helm install` to `helm uninstall`, one step after the other, each on what the last one left. Real:
 * etcd, API server, kubectl, Helm, the chart, every process of ours, ServiceAccounts and their tokens, upstreams. Stood
 * in for: the kubelet (support/e2e-kubelet.ts), controllers of Deployments and EndpointSlices (e2e-deployment.ts) and
 * the network, so that several pods fit on one machine (e2e-network.ts).
 */

const home = 'fanout-system'
const shop = 'shop'
const chart = join(root, 'charts/fanout-relay')
const controller = 'fanout-relay-controller'
const webhook = 'mutatingwebhookconfiguration/fanout-relay-injector'
const services = ['inventory', 'crm', 'catalog', 'stock', 'reviews', 'pricing', 'pricing-next']
const examples = ['orders', 'product-page', 'canary']
const exampleFile = (name: string): string => join(root, 'examples', name, `${name}.yaml`)

const upgrade = [
  ...['upgrade', 'fanout-relay', chart, '-n', home, '--wait=false'],
  ...['--set', 'relay.defaults.logLevel=debug'],
]

const checkout = (ports: readonly number[]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'checkout',
    labels: { 'app.kubernetes.io/name': 'checkout' },
    // The relay's own ports are taken by other relays of this machine.
    annotations: {
      'fanoutrelay.dev/port': String(ports[0]),
      'fanoutrelay.dev/admin-port': String(ports[1]),
      'fanoutrelay.dev/telemetry-port': String(ports[2]),
    },
  },
  spec: {
    serviceAccountName: 'checkout',
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

describe.runIf(hasClusterTools())('from install to uninstall', { timeout: 240_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'fanout-e2e-cluster-'))
  let plane: ControlPlane
  let network: Services
  let deployment: ControllerDeployment
  let pod: PodObject
  let relay: RunningContainer
  let relayUrl: string
  let load: Load
  let version = 0

  const kubectl = (...args: readonly string[]) => must(plane.kubectl(...args))
  const inShop = (...args: readonly string[]) => kubectl(...args, '-n', shop)
  const apply = (input: string) => must(plane.kubectlWith({ input }, 'apply', '-n', shop, '-f', '-'))
  const applyOrders = (number: number) => apply(ordersVersion(number))
  const fanout = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand(binary, args, { env: { KUBECONFIG: plane.adminKubeconfig, HOME: directory } })
  const check = async () => {
    const { code, stdout, stderr } = await fanout('check', '-n', shop, '-o', 'json')
    expect(stderr).toBe('')
    const { findings } = JSON.parse(stdout) as { findings: readonly { code: string; where: string }[] }
    return { code, findings: findings.map(finding => `${finding.code} ${finding.where}`) }
  }
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${relayUrl}${path}`, init)
    return { status: answer.status, text: await answer.text() }
  }
  const condition = async (route: string, type: string) => {
    const { object } = await plane.request('GET', `${routesPath(shop)}/${route}`)
    const { conditions } = object['status'] as { conditions: readonly Condition[] }
    const found = conditions.find(one => one.type === type)
    expect(found?.observedGeneration).toBe((object.metadata as { generation?: number }).generation)
    return found
  }
  const untilReady = (route: string, withinMs = 60_000) =>
    eventually(
      async () => expect(await condition(route, 'Ready')).toMatchObject({ status: 'True' }),
      withinMs,
    )
  /** Resolves with when the first answer of that version was there. */
  const served = (number: number, withinMs?: number) =>
    load.firstAnswer(answer => versionOf(answer) === number, withinMs)
  /** Applies the next version of orders and waits until it answers. */
  const nextVersion = async (
    withinMs?: number,
  ): Promise<{ readonly applyMs: number; readonly servedMs: number }> => {
    version++
    const firstServed = served(version, withinMs)
    const begun = performance.now()
    const applied = applyOrders(version).then(() => performance.now() - begun)
    const [servedAt, applyMs] = await Promise.all([firstServed, applied])
    return { applyMs, servedMs: servedAt - begun }
  }
  const newPod = async (...flags: readonly string[]): Promise<PodObject> => {
    const input = JSON.stringify({ ...checkout([1, 2, 3]), metadata: { name: 'probe' } })
    const created = plane.kubectlWith({ input }, 'create', '-n', shop, '-f', '-', '-o', 'json', ...flags)
    return JSON.parse(await must(created)) as PodObject
  }
  const expectInjection = (withinMs: number) =>
    eventually(async () => containerOf(await newPod('--dry-run=server'), 'fanout-relay'), withinMs)
  /** The API server asks a webhook that is gone for a moment longer. */
  const expectNoInjection = () =>
    eventually(async () => expect((await newPod('--dry-run=server')).spec.initContainers).toBeUndefined())
  const expectFindings = (...findings: readonly string[]) =>
    eventually(
      async () => expect(await check()).toEqual({ code: findings.length > 0 ? 1 : 0, findings }),
      60_000,
    )
  const expectAllFine = () => expectFindings()
  /** Asks for a pod again and again until the signal; says what the API server answered to those it refused. */
  const refusedPods = async (signal: AbortSignal) => {
    const refused: string[] = []
    let created = 0
    while (!signal.aborted) {
      const body = { ...checkout([1, 2, 3]), metadata: { name: 'probe' } }
      const { status, text } = await plane.request('POST', `/api/v1/namespaces/${shop}/pods?dryRun=All`, {
        body,
      })
      if (status !== 201) refused.push(text)
      else if (text.includes('"fanoutrelay.dev/status":"injected"')) created++
      else refused.push('it got no relay')
      await pause(10)
    }
    return { refused, isAnyCreated: created > 0 }
  }
  const holder = async (): Promise<string> => {
    const { spec } = (await plane.request('GET', leasePath)).object
    return String(spec?.['holderIdentity'])
  }
  const leader = async (): Promise<Replica> => {
    const identity = await holder()
    const found = deployment.replicas.find(({ log }) =>
      log().some(line => line.msg === 'listening' && line['identity'] === identity),
    )
    if (!found) throw new Error(`${identity} leads, which is no replica`)
    return found
  }
  const expectNoFailure = () => {
    expect(load.failures).toEqual([])
    expect(load.answered).toBeGreaterThan(0)
  }

  beforeAll(async () => {
    plane = await startControlPlane()
    await plane.createNamespace(home, { 'pod-security.kubernetes.io/enforce': 'restricted' })
    await plane.createNamespace(shop, { 'pod-security.kubernetes.io/enforce': 'restricted' })
    for (const namespace of [home, shop]) {
      const rootCa = ['configmap', 'kube-root-ca.crt', `--from-file=ca.crt=${plane.caFile}`]
      await kubectl('create', ...rootCa, '-n', namespace)
    }
    await inShop('create', 'serviceaccount', 'checkout')
    network = await startServices(plane, shop, services, directory)
  }, 120_000)

  afterAll(async () => {
    await load?.stop()
    relay?.child.kill('SIGKILL')
    deployment?.close()
    await network?.close()
    await plane?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  afterEach(({ task }) => {
    if (task.result?.state !== 'fail' && !process.env['E2E_LOGS']) return
    for (const one of [...(deployment?.replicas ?? []), ...(relay ? [relay] : [])])
      console.error(`${one.pod.metadata.name}:\n${one.output().stdout.slice(-8_000)}${one.output().stderr}`)
  })

  it('is fit for the cluster before it is installed', async () => {
    const { code, stdout } = await fanout('check', '--pre', '-n', home)
    expect(stdout).toContain('nothing found')
    expect(code).toBe(0)
  })

  it('installs by Helm, and two replicas of the controller start with what their pods give them', async () => {
    await must(plane.helm('install', 'fanout-relay', chart, '-n', home, '--wait=false'))
    deployment = await openDeployment(plane, home, directory)
    await Promise.all([deployment.startReplica(), deployment.startReplica()])
    await eventually(async () => {
      for (const replica of deployment.replicas) expect(await replica.isReady()).toBe(true)
      await leader()
    }, 60_000)
  })

  it('gives a new pod of a labelled namespace its relay', async () => {
    await kubectl('label', 'namespace', shop, 'fanoutrelay.dev/injection=enabled')
    await expectInjection(60_000)
    const ports = await freePorts(3)
    const input = JSON.stringify(checkout(ports))
    const created = plane.kubectlWith({ input }, 'create', '-n', shop, '-f', '-', '-o', 'json')
    pod = JSON.parse(await must(created))
    expect(pod.metadata.annotations).toMatchObject({ 'fanoutrelay.dev/status': 'injected' })
    const app = containerOf(pod, 'app')
    relayUrl = app.env?.find(({ name }) => name === 'FANOUT_RELAY_URL')?.value ?? ''
    expect(relayUrl).toBe(`http://localhost:${ports[0]}`)
  })

  it('starts the relay as its container says, and takes the routes of `kubectl apply`', async () => {
    relay = await runContainer(plane, pod, {
      container: 'fanout-relay',
      directory,
      env: {
        CLUSTER_NETWORK: network.networkFile,
        NODE_OPTIONS: `--import ${join(import.meta.dirname, 'support/e2e-network.ts')}`,
      },
    })
    expect((await ask('/orders', { method: 'POST' })).status).toBe(404)
    await inShop('apply', ...examples.flatMap(name => ['-f', exampleFile(name)]))
    for (const name of examples) await untilReady(name)
  })

  it('shows them in `kubectl get` and in `kubectl fanout get`', async () => {
    const rows = [
      'NAME PATH UPSTREAMS STRATEGY READY RELAYS AGE',
      'canary /price 1 required, 1 shadow Primary True 1/1 _',
      'orders /orders 2 optional Any True 1/1 _',
      'product-page /products 2 required, 1 optional All True 1/1 _',
    ]
    const plain = (text: string): readonly string[] =>
      text
        .trim()
        .split('\n')
        .map(line =>
          line
            .replace(/ +/g, ' ')
            .replace(/ \S*\d+s$/, ' _')
            .trim(),
        )
    expect(plain(await inShop('get', 'fo'))).toEqual(rows)
    const { code, stdout } = await fanout('get', '-n', shop)
    expect(plain(stdout)).toEqual(rows)
    expect(code).toBe(0)

    symlinkSync(binary, join(directory, 'kubectl-fanout'))
    const env = { PATH: `${directory}:${process.env['PATH']}` }
    const plugin = await must(plane.kubectlWith({ env }, 'fanout', 'get', '-n', shop))
    expect(plain(plugin)).toEqual(rows)
    const [wide] = (await inShop('get', 'fo', '-o', 'wide')).split('\n')
    expect(wide).toMatch(/ AGE +REASON +MESSAGE$/)
  })

  it('carries the application’s requests to the Services', async () => {
    const orders = await ask('/orders', { method: 'POST', body: '{"order_id": "A-17"}' })
    expect(versionOf({ status: orders.status, body: orders.text })).toBe(0)
    const [received] = network.upstreams['inventory']!.received
    expect(received?.header('host')).toBe('inventory.shop.svc:8080')
    expect(received?.body.toString()).toBe('{"order_id": "A-17"}')

    const page = await ask('/products/7')
    expect(page.status).toBe(200)
    const merged = { catalog: '/products/7', stock: '/levels/7', reviews: '/products/7' }
    expect(JSON.parse(page.text)).toEqual(merged)

    const users = 200
    for (let user = 0; user < users; user++) {
      const { text } = await ask('/price/9', { headers: { 'x-user-id': `user-${user}` } })
      expect(JSON.parse(text)).toEqual({ pricing: '/price/9' })
    }
    const copies = network.upstreams['pricing-next']!.received.length
    expect(copies).toBeGreaterThan(0)
    expect(copies).toBeLessThan(users / 2)
  })

  it('is all fine, says `check`', async () => {
    await expectAllFine()
  })

  it('serves every edit under load, and mixes no two of them', async ({ annotate }) => {
    load = startLoad({
      url: `${relayUrl}/orders`,
      isGood: answer => versionOf(answer) >= 0,
      connections: 2,
      everyMs: 5,
    })
    const edits = []
    for (let edit = 0; edit < 10; edit++) edits.push(await nextVersion())
    await annotate(`kubectl apply to first answer: ${figures(edits.map(({ servedMs }) => servedMs))}`)
    await annotate(`kubectl apply itself: ${figures(edits.map(({ applyMs }) => applyMs))}`)

    const patched: number[] = []
    for (let edit = 0; edit < 20; edit++) {
      version++
      const firstServed = served(version)
      const begun = performance.now()
      const { status } = await plane.request('PATCH', `${routesPath(shop)}/orders`, {
        body: mergePatch(version),
        contentType: 'application/merge-patch+json',
      })
      expect(status).toBe(200)
      patched.push((await firstServed) - begun)
    }
    await annotate(`write to first answer: ${figures(patched)}`)
    expect(median(patched)).toBeLessThan(1_000)
    await untilReady('orders')
    expectNoFailure()
  })

  it('serves what `kubectl edit` and `kubectl patch` make of a route', async () => {
    version++
    const editor = join(directory, 'editor.mjs')
    const spec = JSON.stringify(mergePatch(version).spec)
    writeFileSync(
      editor,
      `import { readFileSync, writeFileSync } from 'node:fs'
       import { parse, stringify } from '${import.meta.resolve('yaml')}'
       const file = process.argv[2]
       const route = parse(readFileSync(file, 'utf8'))
       writeFileSync(file, stringify({ ...route, spec: { ...route.spec, ...${spec} } }))`,
    )
    const edited = served(version)
    const env = { KUBE_EDITOR: `${process.execPath} ${editor}` }
    await must(plane.kubectlWith({ env }, 'edit', 'fo/orders', '-n', shop))
    await edited

    version++
    const patched = served(version)
    await inShop('patch', 'fo', 'orders', '--type=merge', '-p', JSON.stringify(mergePatch(version)))
    await patched
    await untilReady('orders')
    expectNoFailure()
  })

  it('gives a route to the pods that its selector names', async () => {
    const select = (name: string | null) => {
      const workloadSelector = name && { matchLabels: { 'app.kubernetes.io/name': name } }
      return inShop(
        'patch',
        'fo',
        'canary',
        '--type=merge',
        '-p',
        JSON.stringify({ spec: { workloadSelector } }),
      )
    }
    await select('another')
    await eventually(async () => expect((await ask('/price/9')).status).toBe(404))
    await eventually(async () =>
      expect(await condition('canary', 'Programmed')).toMatchObject({ status: 'False', reason: 'NoRelays' }),
    )
    await select('checkout')
    await eventually(async () => expect((await ask('/price/9')).status).toBe(200))
    await untilReady('canary')
    await select(null)
    await untilReady('canary')
  })

  it('goes on without an API server, and takes up what it missed', async ({ annotate }) => {
    await plane.restart()
    await annotate(`first edit after a restart: ${figures([(await nextVersion(60_000)).servedMs])}`)
    await untilReady('orders')

    const { answered } = load
    plane.pause()
    try {
      await eventually(() => expect(load.answered).toBeGreaterThan(answered + 2_000), 60_000)
    } finally {
      plane.resume()
    }
    await annotate(`first edit after a pause: ${figures([(await nextVersion(60_000)).servedMs])}`)
    await untilReady('orders')
    expectNoFailure()
  })

  it('has another leader once the lease of the first, which died, has run out, and statuses and pods go on', async ({
    annotate,
  }) => {
    const dead = await leader()
    const before = await holder()
    const killedAt = performance.now()
    dead.child.kill('SIGKILL')
    await nextVersion()
    await eventually(async () => expect(await holder()).not.toBe(before), 60_000)
    const takenOverMs = performance.now() - killedAt
    await annotate(`lease taken over: ${figures([takenOverMs])}`)
    // 15 s, which a test on a clock of its own proves, and what this machine takes to notice.
    expect(takenOverMs).toBeLessThan(20_000)
    await untilReady('orders')
    await annotate(`status written again: ${figures([performance.now() - killedAt])}`)
    expect(await leader()).not.toBe(dead)
    await expectInjection(20_000)
    await deployment.forget(dead)
    await deployment.startReplica()
    expectNoFailure()
  })

  it('says of a route that became invalid what lint says, and serves its last good version', async () => {
    const path = '{"spec":{"matches":[{"path":{"type":"RegularExpression","value":"/products/("}}]}}'
    await inShop('patch', 'fo', 'product-page', '--type=merge', '-p', path)
    const input = await inShop('get', 'fo', 'product-page', '-o', 'yaml')
    const linted = await runCommand(binary, ['lint', '-o', 'json', '-'], { input })
    const { problems } = JSON.parse(linted.stdout) as {
      problems: readonly { code: string; message: string }[]
    }
    const [problem] = problems
    expect(problem).toBeDefined()
    const accepted = await eventually(async () => {
      const found = await condition('product-page', 'Accepted')
      expect(found).toMatchObject({ status: 'False', reason: 'Invalid' })
      return found
    }, 60_000)
    expect(accepted?.message).toContain(problem!.code)
    expect(accepted?.message).toContain(problem!.message)
    expect(await condition('product-page', 'Programmed')).toMatchObject({
      status: 'False',
      reason: 'Invalid',
    })
    const { stdout } = await fanout('get', '-n', shop)
    expect(stdout).toMatch(/product-page .* False /)
    const events = ['get', 'events', '--field-selector', 'reason=RouteRejected', '-o', 'name']
    await eventually(async () => expect((await inShop(...events)).trim().split('\n')).toHaveLength(1))
    await eventually(async () => {
      const { findings } = await check()
      expect(findings).toEqual([expect.stringContaining('FR0240 FanOutRoute shop/product-page')])
    })
    expect((await ask('/products/7')).status).toBe(200)
  })

  it('answers 404 where a route was deleted', async () => {
    await inShop('delete', 'fo', 'product-page')
    await eventually(async () => expect((await ask('/products/7')).status).toBe(404))
    expect(versionOf(await askOrders())).toBe(version)
  })

  const askOrders = async () => {
    const { status, text } = await ask('/orders', { method: 'POST', body: '{}' })
    return { status, body: text }
  }

  it('is upgraded by Helm replica by replica, and no pod is refused meanwhile', async () => {
    await must(plane.helm(...upgrade))
    const stop = new AbortController()
    const pods = Promise.all([1, 2, 3].map(() => refusedPods(stop.signal)))
    for (const old of [...deployment.replicas]) {
      const fresh = await deployment.startReplica()
      await eventually(async () => expect(await fresh.isReady()).toBe(true), 60_000)
      expect(await old.stop()).toBe(0)
      await deployment.forget(old)
    }
    await leader()
    stop.abort()
    for (const asked of await pods) expect(asked).toEqual({ refused: [], isAnyCreated: true })
    const { env } = containerOf(await newPod('--dry-run=server'), 'fanout-relay')
    expect(env).toContainEqual({ name: 'FANOUT_LOG_LEVEL', value: 'debug' })
    await nextVersion()
    await untilReady('orders')
    await expectAllFine()
    expectNoFailure()
  })

  it('names a webhook that was deleted, and `helm upgrade` brings it back', async ({ annotate }) => {
    await kubectl('delete', webhook)
    const where = 'FR0215 MutatingWebhookConfiguration fanout-relay-injector'
    await expectFindings(where)
    await expectNoInjection()
    await newPod()
    await expectFindings(where, 'FR0230 Pod shop/probe')
    await inShop('delete', 'pod', 'probe', '--wait=false')
    await must(plane.helm(...upgrade))
    const begun = performance.now()
    // The leader looks after the webhook's bundle every 30 s; until then the API server refuses pods.
    await expectInjection(60_000)
    await annotate(`injection after the webhook is back: ${figures([performance.now() - begun])}`)
    await expectAllFine()
  })

  it('leaves routes and relays alone when it is uninstalled, and the controller ends with 0', {
    timeout: 300_000,
  }, async () => {
    const known = relay.log().length
    await must(plane.helm('uninstall', 'fanout-relay', '-n', home))
    for (const replica of [...deployment.replicas]) {
      expect(await replica.stop()).toBe(0)
      await deployment.forget(replica)
    }
    expect(await inShop('get', 'fo', '-o', 'name')).toBe(
      'fanoutroute.fanoutrelay.dev/canary\nfanoutroute.fanoutrelay.dev/orders\n',
    )
    await expectNoInjection()
    // Its right to read routes is gone too, which it is told when its watch ends: what it has, it keeps.
    await eventually(
      () => expect(relay.log().slice(known)).toContainEqual(expect.objectContaining({ reason: 'forbidden' })),
      120_000,
    )
    const { answered } = load
    await eventually(() => expect(load.answered).toBeGreaterThan(answered + 200), 60_000)
    expect(versionOf(await askOrders())).toBe(version)
    expectNoFailure()
  })

  it('takes everything up again when it is installed again', async ({ annotate }) => {
    await must(plane.helm('install', 'fanout-relay', chart, '-n', home, '--wait=false'))
    await Promise.all([deployment.startReplica(), deployment.startReplica()])
    const begun = performance.now()
    await eventually(leader, 60_000)
    await annotate(`leader: ${figures([performance.now() - begun])}`)
    // Its certificate outlived it; what the new webhook configuration lacks is the new leader's first work.
    await expectInjection(30_000)
    await annotate(`injection: ${figures([performance.now() - begun])}`)
    const { servedMs } = await nextVersion(60_000)
    await annotate(`first edit after the rights are back: ${figures([servedMs])}`)
    await untilReady('orders')
    await expectAllFine()
  })

  it('ends with 0 everywhere, no request failed and no defect logged', async () => {
    await load.stop()
    expectNoFailure()
    const telemetry = pod.metadata.annotations?.['fanoutrelay.dev/telemetry-port']
    const metrics = await (await fetch(`http://127.0.0.1:${telemetry}/metrics`)).text()
    expect(metrics).toMatch(/^fanout_defects_total 0$/m)
    const running = [...deployment.replicas, relay]
    expect(await Promise.all(running.map(one => one.stop()))).toEqual([0, 0, 0])
    const defects = [...deployment.started, relay].flatMap(one =>
      one.log().filter(({ msg }) => /uncaught|unhandled|ended with an error/.test(msg)),
    )
    expect(defects).toEqual([])
  })
})

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly observedGeneration?: number
}

const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${home}/leases/${controller}`

/** The parts of orders that differ between versions. */
const mergePatch = (version: number) => {
  const { upstreams, response } = parse(ordersVersion(version)).spec
  return { spec: { upstreams, response } }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

const figures = (values: readonly number[]): string =>
  values.length === 1
    ? `${Math.round(values[0]!)} ms`
    : `p50 ${Math.round(median(values))} ms, max ${Math.round(Math.max(...values))} ms, of ${values.length}`
