import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { connect, type TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'
import { createInjector } from '../../src/injector/create-injector.ts'
import type { InjectorOptions } from '../../src/injector/injector-options.ts'
import { makeCertificate } from '../support/certificate.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { sidecar, silent } from './support/options.ts'

const open = closing()
const dns = 'fanout-relay-injector.fanout.svc'

const authority = makeCertificate({ name: 'ca', isAuthority: true })
const leaf = () => {
  const notAfter = new Date(Date.now() + 3_600_000)
  const made = makeCertificate({ name: 'leaf', issuer: { name: 'ca', key: authority.key }, dns, notAfter })
  return { ...made, expiresAt: notAfter.getTime() }
}

const start = async (more: Partial<InjectorOptions> = {}) => {
  const counted: string[] = []
  const observer = { request: (result: string, reason: string) => void counted.push(`${result} ${reason}`) }
  const injector = open(createInjector({ sidecar, observer, logger: silent, ...more }))
  injector.useCertificate(leaf())
  const { port } = await injector.listen({ host: '127.0.0.1', port: 0 })
  const tls = { host: '127.0.0.1', port, servername: dns, ca: authority.cert }
  const ask = async (body: string | Buffer, options: RequestOptions = {}) => {
    const headers = { 'content-type': 'application/json' }
    const outgoing = httpsRequest({
      ...tls,
      path: '/mutate',
      method: 'POST',
      agent: false,
      headers,
      ...options,
    })
    outgoing.on('error', () => {})
    outgoing.end(body)
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    return { status: response.statusCode, headers: response.headers, text }
  }
  return { injector, port, counted, tls, ask }
}

const review = (object: unknown, namespace = 'shop') => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    operation: 'CREATE',
    namespace,
    object,
  },
})

const pod = (annotations: Record<string, string> = {}) => ({
  metadata: { name: 'a', annotations },
  spec: { containers: [{ name: 'app' }] },
})

const responseOf = (text: string) => JSON.parse(text).response

it('answers a pod with a JSON patch and its uid', async () => {
  const { ask, counted } = await start()
  const { status, headers, text } = await ask(JSON.stringify(review(pod({ 'fanoutrelay.dev/x': '1' }))))
  expect(status).toBe(200)
  expect(headers['content-type']).toBe('application/json')
  expect(JSON.parse(text)).toMatchObject({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' })
  const { uid, allowed, patchType, patch, warnings } = responseOf(text)
  expect({ uid, allowed, patchType }).toEqual({
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    allowed: true,
    patchType: 'JSONPatch',
  })
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString())
  expect(operations.at(-1)).toMatchObject({
    op: 'add',
    path: '/spec/initContainers/0',
    value: { name: 'fanout-relay' },
  })
  expect(warnings).toEqual([expect.stringContaining('fanoutrelay.dev/x is not known')])
  expect(counted).toEqual(['injected opted_in'])
})

it('denies a wrong annotation with what, why and how to mend it', async () => {
  const { ask, counted } = await start()
  const { text } = await ask(JSON.stringify(review(pod({ 'fanoutrelay.dev/port': '80' }))))
  expect(responseOf(text)).toMatchObject({
    allowed: false,
    status: {
      code: 403,
      message:
        'annotation fanoutrelay.dev/port cannot be "80": it must be a port from 1024 to 65535, which needs no privilege. Fix: write for example "4780"',
    },
  })
  expect(counted).toEqual(['denied invalid_annotation'])
})

it('leaves a pod alone whose namespace, as far as it is known, did not ask', async () => {
  const { ask, counted } = await start({ namespaceLabels: name => (name === 'shop' ? {} : undefined) })
  expect(responseOf((await ask(JSON.stringify(review(pod())))).text)).not.toHaveProperty('patch')
  expect(responseOf((await ask(JSON.stringify(review(pod(), 'unknown')))).text)).toHaveProperty('patch')
  expect(counted).toEqual(['skipped not_opted_in', 'injected opted_in'])
})

it.each<[string, number, RequestOptions, string]>([
  ['another path', 404, { path: '/' }, 'there is only POST /mutate here\n'],
  ['another method', 405, { method: 'PUT' }, 'use POST\n'],
  [
    'another type',
    415,
    { headers: { 'content-type': 'text/plain' } },
    'send an AdmissionReview as application/json\n',
  ],
])('refuses %s with %d and the reason', async (_, status, options, text) => {
  const { ask } = await start()
  expect(await ask('{}', options)).toMatchObject({ status, text })
})

it.each([
  ['{', 'the body is not JSON\n'],
  ['[]', 'the body must be an AdmissionReview of admission.k8s.io/v1\n'],
  [
    JSON.stringify({ ...review(pod()), apiVersion: 'admission.k8s.io/v1beta1' }),
    'the body must be an AdmissionReview of admission.k8s.io/v1\n',
  ],
  [JSON.stringify({ ...review(pod()), request: {} }), 'request.uid is missing\n'],
  [JSON.stringify(review({})), 'request.object must be a pod with spec.containers\n'],
])('refuses %.40s with 400', async (body, text) => {
  const { ask, counted } = await start()
  expect(await ask(body)).toMatchObject({ status: 400, text })
  expect(counted).toEqual(['error bad_request'])
})

it('denies a pod above the limit by name of the limit, without keeping it', async () => {
  const { ask, counted } = await start()
  const { uid, ...rest } = review(pod()).request
  const large = JSON.stringify({
    ...review({}),
    request: { uid, ...rest, filler: 'x'.repeat(3 * 1024 * 1024) },
  })
  const { status, text } = await ask(
    large.replace(/^.*?"request"/, '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request"'),
  )
  expect(status).toBe(200)
  expect(responseOf(text)).toMatchObject({ uid, allowed: false, status: { code: 413 } })
  expect(responseOf(text).status.message).toContain('pods of up to 3 MiB')
  expect(counted).toEqual(['denied too_large'])
  expect((await ask(Buffer.alloc(3 * 1024 * 1024 + 1, 'x'))).status).toBe(413)
})

it('gives up on a body that does not come', async () => {
  const clock = new FakeClock()
  const { tls, counted } = await start({ clock })
  const socket = connect(tls)
  socket.write(
    'POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{',
  )
  await eventually(() => expect(clock.armed).toBe(1))
  clock.advance(4_000)
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 408 /)
  expect(counted).toEqual(['error timeout'])
  socket.destroy()
})

it('speaks no TLS below 1.2', async () => {
  const { tls } = await start()
  const socket = connect({
    ...tls,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  const [error] = await once(socket, 'error')
  expect(String(error)).toMatch(/alert protocol version|no protocols available|unsupported protocol/i)
})

it('serves a new certificate on new connections, and goes on with open ones', async () => {
  const { injector, tls, ask } = await start()
  const before: TLSSocket = connect(tls)
  await once(before, 'secureConnect')
  injector.useCertificate(leaf())
  const after: TLSSocket = connect(tls)
  await once(after, 'secureConnect')
  expect(after.getPeerCertificate().fingerprint256).not.toBe(before.getPeerCertificate().fingerprint256)
  before.write('GET /mutate HTTP/1.1\r\nhost: x\r\n\r\n')
  expect(String((await once(before, 'data'))[0])).toMatch(/^HTTP\/1\.1 405 /)
  expect((await ask(JSON.stringify(review(pod())))).status).toBe(200)
  after.destroy()
})

it('finishes a review under way when it is closed, and takes no other', async () => {
  const clock = new FakeClock()
  const { injector, tls, port } = await start({ clock })
  const body = JSON.stringify(review(pod()))
  const outgoing = httpsRequest({
    ...tls,
    path: '/mutate',
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  })
  outgoing.write(body.slice(0, 10))
  // The deadline of a review is armed when its head has arrived.
  await eventually(() => expect(clock.armed).toBe(1))
  expect(injector.ready()).toBe(true)
  const closed = injector.close()
  expect(injector.ready()).toBe(false)
  outgoing.end(body.slice(10))
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(200)
  response.resume()
  await closed
  const [error] = await once(connect({ ...tls, port }), 'error')
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
})

it('cuts a review whose body does not come once the grace has passed', async () => {
  const clock = new FakeClock()
  const { injector, tls } = await start({ clock })
  const headers = { 'content-type': 'application/json', 'content-length': 100 }
  const outgoing = httpsRequest({ ...tls, path: '/mutate', method: 'POST', headers })
  outgoing.write('{')
  await eventually(() => expect(clock.armed).toBe(1))
  const closed = injector.close(100)
  clock.advance(100)
  await expect(once(outgoing, 'response')).rejects.toMatchObject({ code: 'ECONNRESET' })
  await closed
})
