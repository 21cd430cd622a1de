import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificate } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { hasClusterTools } from './support/tools.ts'

const container = { name: 'app', image: 'app:1' }
const configMaps = '/api/v1/namespaces/default/configmaps'

describe.runIf(hasClusterTools())('a control plane for tests', () => {
  let plane: ControlPlane
  beforeAll(async () => {
    plane = await startControlPlane()
  })
  afterAll(() => plane?.stop())

  it('asks RBAC what a ServiceAccount may do', async () => {
    const token = await plane.tokenFor('default', 'default', { expirationSeconds: 600 })
    expect((await plane.request('GET', configMaps, { token })).status).toBe(403)
    const role = ['--verb=list', '--resource=configmaps']
    await plane.kubectl('create', 'role', 'reader', ...role)
    await plane.kubectl(
      'create',
      'rolebinding',
      'reader',
      '--role=reader',
      '--serviceaccount=default:default',
    )
    await eventually(async () => expect((await plane.request('GET', configMaps, { token })).status).toBe(200))
    const env = { KUBECONFIG: plane.kubeconfigFor(token) }
    const { stdout } = await plane.kubectlWith({ env }, 'auth', 'can-i', 'delete', 'configmaps')
    expect(stdout.trim()).toBe('no')
  })

  it('refuses tokens for other audiences, and tokens it did not make', async () => {
    const token = await plane.tokenFor('default', 'default', { audiences: ['elsewhere'] })
    expect((await plane.request('GET', configMaps, { token })).status).toBe(401)
    expect((await plane.request('GET', configMaps, { token: 'made-up' })).status).toBe(401)
  })

  it('gives pods a token and holds them to the Pod Security level of their namespace', async () => {
    await plane.createNamespace('strict', { 'pod-security.kubernetes.io/enforce': 'restricted' })
    const post = (namespace: string) =>
      plane.request('POST', `/api/v1/namespaces/${namespace}/pods`, {
        body: { metadata: { name: 'app' }, spec: { containers: [container] } },
      })
    const { status, object } = await post('default')
    expect(status).toBe(201)
    expect(JSON.stringify(object.spec)).toContain('serviceAccountToken')
    expect(await post('strict')).toMatchObject({
      status: 403,
      object: { message: expect.stringContaining('violates PodSecurity "restricted:latest"') },
    })
  })

  it('calls webhooks behind Services, wherever they are exposed', async () => {
    const ca = makeCertificate({ name: 'webhook CA', isAuthority: true })
    const issuer = { name: 'webhook CA', key: ca.key }
    const webhook = createServer(
      makeCertificate({ name: 'hook', issuer, dns: 'hook.default.svc' }),
      async (request, answer) => {
        const review = JSON.parse(await text(request))
        const response = { uid: review.request.uid, allowed: false, status: { message: 'not on my watch' } }
        answer.setHeader('content-type', 'application/json')
        answer.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }))
      },
    ).listen(0, '127.0.0.1')
    onTestFinished(() => void webhook.close())
    await once(webhook, 'listening')
    plane.exposeService('default', 'hook', (webhook.address() as AddressInfo).port)
    await plane.kubectl('create', 'service', 'clusterip', 'hook', '--tcp=443:8443')
    await plane.request('POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
      body: {
        metadata: { name: 'hook' },
        webhooks: [
          {
            name: 'hook.fanoutrelay.dev',
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }],
            clientConfig: {
              service: { namespace: 'default', name: 'hook' },
              caBundle: Buffer.from(ca.cert).toString('base64'),
            },
          },
        ],
      },
    })
    await eventually(async () => {
      const refused = await plane.request('POST', '/api/v1/namespaces/default/secrets', {
        body: { metadata: { generateName: 'refused-' } },
      })
      expect(refused.object.message).toContain('not on my watch')
    })
  })

  it('runs Helm', async () => {
    expect(await plane.helm('list', '--all-namespaces', '-o', 'json')).toMatchObject({
      stdout: '[]\n',
      code: 0,
    })
  })

  it('says nothing while it is paused', async () => {
    plane.pause()
    let hasAnswered = false
    const answer = plane.request('GET', '/livez').then(({ status }) => {
      hasAnswered = true
      return status
    })
    const silent = await plane.kubectlWith({ timeoutMs: 500 }, 'get', '--raw', '/livez')
    expect(silent.code).toBe(-1)
    expect(hasAnswered).toBe(false)
    plane.resume()
    expect(await answer).toBe(200)
  })

  it('answers 410 for history that was compacted, once restarted', async () => {
    const create = (name: string) => plane.request('POST', configMaps, { body: { metadata: { name } } })
    const { object } = await create('before')
    await create('after')
    await plane.compact()
    await plane.restart()
    const query = `watch=true&timeoutSeconds=1&resourceVersion=${object.metadata!.resourceVersion}`
    // A server that has just begun may still say that its watch cache is being filled.
    await eventually(async () => {
      const { text } = await plane.request('GET', `${configMaps}?${query}`)
      expect(JSON.parse(text)).toMatchObject({ type: 'ERROR', object: { code: 410 } })
    })
    expect((await plane.request('GET', `${configMaps}/after`)).status).toBe(200)
  })
})

describe.runIf(hasClusterTools())('a control plane whose test process is killed', () => {
  it('leaves neither processes nor files behind', async () => {
    const holder = spawn(process.execPath, [join(import.meta.dirname, 'support/hold-control-plane.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(holder.stdout, 'data')) as [Buffer]
    const { etcd, apiServer, directory } = JSON.parse(line.toString())
    holder.kill('SIGKILL')
    await eventually(() => {
      for (const pid of [etcd, apiServer]) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
      expect(existsSync(directory)).toBe(false)
    })
  }, 120_000)
})
