import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readSettings } from '../../src/injector/read-settings.ts'
import { sidecarContainer } from '../../src/injector/sidecar.ts'
import { directoryWith } from '../cli/fixtures.ts'
import { freePorts, launchRelay, type RelayProcess, whenServing } from '../e2e/support/running-relay.ts'
import { startScriptedServer } from '../kubernetes/support/scripted-server.ts'
import { makeCertificate } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import { sidecar } from './support/options.ts'

it('an injected relay whose container is started anew serves its routes while the API server is away', async () => {
  const tls = makeCertificate({ name: 'authority', isAuthority: true, ip: [127, 0, 0, 1] })
  const server = await startScriptedServer({ tls })
  onTestFinished(() => server.close())
  const port = String(server.port)
  server.put('orders', {
    matches: [{ path: { value: '/orders' } }],
    upstreams: [{ name: 'a', url: 'http://127.0.0.1:1' }],
  })
  const root = directoryWith({})
  const { env, args, volumeMounts } = sidecarContainer(readSettings({}, sidecar).settings, sidecar)
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const { mountPath } of volumeMounts) mkdirSync(join(root, mountPath), { recursive: true })
  const tokens = '/var/run/secrets/fanoutrelay.dev/serviceaccount'
  write(`${tokens}/token`, 'first')
  write(`${tokens}/ca.crt`, tls.cert)
  write(`${tokens}/namespace`, server.namespace)
  write('/etc/fanout-relay/podinfo/labels', 'app="checkout"')
  const moved = env.map(({ name, value = '' }) => [name, value.startsWith('/') ? join(root, value) : value])
  const container = async (): Promise<RelayProcess> => {
    const launched = launchRelay([...args, ...freePorts], {
      env: {
        ...Object.fromEntries(moved),
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: port,
      },
    })
    onTestFinished(() => {
      launched.child.kill('SIGKILL')
    })
    return whenServing(launched)
  }
  const statusOf = async ({ ask }: RelayProcess) => (await ask({ path: '/orders' })).status

  const before = await container()
  await eventually(async () => expect(await statusOf(before)).toBe(502))
  // It is written beside publishing: nothing but the file says when.
  const cache = join(root, '/var/cache/fanout-relay/routes.json')
  await eventually(() => expect(readFileSync(cache, 'utf8')).toContain('orders'))
  before.child.kill('SIGKILL')
  await before.exit
  await server.close()
  const after = await container()
  expect(await statusOf(after)).toBe(502)
}, 120_000)
