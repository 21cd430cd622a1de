// What `helm test` runs in the image of the release: asks the API server for a route and the webhook for a pod, both
// without keeping them, and the gateway for anything. Prints one line a check; exits 1 when one fails.
import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'

const { API_SERVER, TOKEN_DIR, NAMESPACE, WEBHOOK, GATEWAY } = process.env
const token = readFileSync(`${TOKEN_DIR}/token`, 'utf8')
const ca = readFileSync(`${TOKEN_DIR}/ca.crt`, 'utf8')

const ask = (url, { body, ...options } = {}) =>
  new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http
    const method = body ? 'POST' : 'GET'
    const outgoing = request(url, { method, timeout: 10_000, ...options }, async incoming => {
      let text = ''
      for await (const chunk of incoming.setEncoding('utf8')) text += chunk
      resolve({ status: incoming.statusCode, text })
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from ${url} within 10 s`)))
    outgoing.on('error', reject)
    outgoing.end(body && JSON.stringify(body))
  })

const askApiServer = async (path, body) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const { status, text } = await ask(API_SERVER + path, { body, ca, headers })
  if (status === 403)
    throw new Error(`${JSON.parse(text).message}; give it that right (docs/kubernetes/rbac.md, "helm test")`)
  if (status >= 300) throw new Error(`${path}: ${status} ${text}`)
  return JSON.parse(text)
}

const checks = {
  'the API server takes a FanOutRoute': async () => {
    const api = 'fanoutrelay.dev/v1alpha1'
    await askApiServer(
      `/apis/${api}/namespaces/${NAMESPACE}/fanoutroutes?dryRun=All&fieldValidation=Strict`,
      {
        apiVersion: api,
        kind: 'FanOutRoute',
        metadata: { generateName: 'helm-test-' },
        spec: { upstreams: [{ name: 'a', backendRef: { name: 'a', port: 80 } }] },
      },
    )
  },
  'the webhook injects a relay, with a certificate that the API server trusts': async () => {
    const name = 'fanout-relay-injector'
    const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${name}`
    const { webhooks } = await askApiServer(path)
    const bundles = webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? '')
    if (bundles.includes('')) throw new Error('the controller has not written the caBundle yet: see its log')
    const request = {
      uid: 'helm-test',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'default',
      operation: 'CREATE',
      dryRun: true,
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'helm-test', labels: { 'fanoutrelay.dev/inject': 'true' } },
        spec: { containers: [{ name: 'app', image: 'app' }] },
      },
    }
    for (const bundle of bundles) {
      const { status, text } = await ask(WEBHOOK, {
        body: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request },
        ca: Buffer.from(bundle, 'base64'),
        headers: { 'content-type': 'application/json' },
      })
      const { response } = status === 200 ? JSON.parse(text) : {}
      if (!response?.allowed || !response.patch) throw new Error(`it answered ${status} ${text}`)
    }
  },
  'the gateway answers': async () => {
    const { status, text } = await ask(`${GATEWAY}/helm-test`)
    if (status >= 500) throw new Error(`it answered ${status} ${text}`)
  },
}

const wanted = [API_SERVER, WEBHOOK, GATEWAY]
for (const [index, [name, check]] of Object.entries(checks).entries()) {
  if (!wanted[index]) continue
  try {
    await check()
    process.stdout.write(`ok      ${name}\n`)
  } catch (error) {
    process.stdout.write(`FAILED  ${name}: ${error.message}\n`)
    process.exitCode = 1
  }
}
