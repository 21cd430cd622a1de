import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { routeObject } from '../plan/snapshot.ts'
import { eventually } from '../support/eventually.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { causesOf, installCrd, root, routesPath, tryRoute } from './support/routes.ts'
import { hasClusterTools } from './support/tools.ts'

const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => ({ name, file: join(root, 'examples', name, `${name}.yaml`) }))

describe.runIf(hasClusterTools())('the CRD on an API server', () => {
  let plane: ControlPlane
  const output = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await plane.kubectl(...args)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    return stdout
  }
  const refusals = async (object: unknown) => causesOf(await tryRoute(plane, 'shop', object))

  beforeAll(async () => {
    plane = await startControlPlane()
    await plane.createNamespace('shop')
    await installCrd(plane)
  })
  afterAll(() => plane?.stop())

  it('is accepted without a complaint', async () => {
    const { object } = await plane.request(
      'GET',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/fanoutroutes.fanoutrelay.dev',
    )
    const { conditions } = object['status'] as { conditions: readonly { type: string; status: string }[] }
    expect(Object.fromEntries(conditions.map(({ type, status }) => [type, status]))).toEqual({
      NamesAccepted: 'True',
      Established: 'True',
    })
  })

  it('has a short name and a category', async () => {
    const { status, text } = await plane.request('POST', routesPath('shop'), { body: routeObject('listed') })
    expect(status, text).toBe(201)
    expect(await output('get', 'fo', '-n', 'shop', '-o', 'name')).toBe('fanoutroute.fanoutrelay.dev/listed\n')
    expect(await output('get', 'fanout-relay', '-n', 'shop', '-o', 'name')).toContain('listed')
  })

  it('explains its fields', async () => {
    // The API server puts a new definition into its OpenAPI document in its own time.
    await eventually(async () =>
      expect(await output('explain', 'fo.spec.upstreams.role')).toMatch(/ENUM:\n +Required/),
    )
    const described = await output('explain', 'fo', '--recursive')
    for (const name of ['upstreams', 'retryBudget', 'idempotencyKey', 'maxBodySize'])
      expect(described).toContain(name)
    expect(await output('explain', 'fo.spec.retry.attempts')).toMatch(/DESCRIPTION:\n +\S+/)
  })

  it('refuses unknown fields', async () => {
    const misspelt = routeObject('misspelt', { timeout: { request: '1s' } })
    expect(await refusals(misspelt)).toEqual([expect.stringContaining('unknown field "spec.timeout"')])
    const { code, stderr } = await plane.kubectlWith(
      { input: JSON.stringify(misspelt) },
      ...['apply', '-f', '-', '-n', 'shop'],
    )
    expect(code).toBe(1)
    expect(stderr).toContain('unknown field "spec.timeout"')
  })

  it('gets a bare `on` as true from kubectl, which reads YAML 1.1, and refuses it', async () => {
    const bare = stringify(routeObject('bare', { retry: { on: ['Reset'] } }))
    const apply = ['apply', '-n', 'shop', '-f', '-']
    const refused = await plane.kubectlWith({ input: bare }, ...apply)
    expect(refused.stderr).toContain('unknown field "spec.retry.true"')
    const quoted = await plane.kubectlWith({ input: bare.replace(' on:', ' "on":') }, ...apply)
    expect(quoted).toMatchObject({ stderr: '', code: 0 })
  })

  it('writes defaults into what it stores', async () => {
    const { object } = await tryRoute(plane, 'shop', routeObject('defaults'))
    expect(object.spec).toMatchObject({
      matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      timeouts: { request: '30s' },
      limits: { maxBodySize: '1Mi', onOversize: 'Reject' },
      upstreams: [{ name: 'a', role: 'Required', url: 'http://a:8080' }],
    })
  })

  it.each(examples)('takes examples/$name as it stands', async ({ name, file }) => {
    expect(await output('apply', '-n', 'shop', '-f', file)).toContain(
      `fanoutroute.fanoutrelay.dev/${name} created`,
    )
    const { object } = await plane.request('GET', `${routesPath('shop')}/${name}`)
    // What kubectl read is what the relay reads, `on` and `off` included.
    const written = parse(readFileSync(file, 'utf8')) as { spec: Record<string, unknown> }
    expect(object.spec).toMatchObject(written.spec)
  })
})
