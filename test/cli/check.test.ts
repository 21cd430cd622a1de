import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kubeconfigTo, listOf, startScriptedApi } from '../check/support/scripted-api.ts'
import { cli, container, directoryWith } from './fixtures.ts'

const version = { '/version': { gitVersion: 'v1.35.1' } }

describe('check', () => {
  it('says what is missing in an empty cluster, each with its fix, and ends with 1', async () => {
    const { kubeconfig, url } = await startScriptedApi({
      ...version,
      '/apis/apps/v1/deployments': listOf(),
      '/apis/coordination.k8s.io/v1/leases': listOf(),
      '/api/v1/namespaces/shop': { metadata: { name: 'shop', resourceVersion: '1' } },
    })
    const { code, stdout, stderr } = await cli(['check', '--kubeconfig', kubeconfig])
    expect(code).toBe(1)
    expect(stderr).toBe('')
    expect(
      stdout.replace(/^fanout-relay \S+/, 'fanout-relay VERSION').replace(url, 'URL'),
    ).toMatchInlineSnapshot(`
      "fanout-relay VERSION  URL  namespace shop

      API server
      ok     it answers, version v1.35.1

      CustomResourceDefinition
      error  FR0210  CustomResourceDefinition fanoutroutes.fanoutrelay.dev: it is not there: the API server knows no FanOutRoutes
             fix: install the chart, or: fanout-relay crd | kubectl apply --server-side -f -
             docs/kubernetes/check.md#fr0210

      Controller
      error  FR0225  Deployment fanout-relay-controller: the controller is not installed: routes get no status and pods no relay
             fix: helm install fanout-relay with the chart of this version; check --pre says whether you may
             docs/kubernetes/check.md#fr0225

      Injector
      skip   pods are injected
             not looked at: the controller is not installed

      Access of relays
      error  FR0251  ClusterRole fanout-relay-reader: it is not there
             fix: upgrade the Helm release with rbac.create=true, or create the role
             docs/kubernetes/check.md#fr0251
      ok     no namespace here has relays

      Pods
      ok     0 relays in 0 pods, and nowhere one is missing
      ok     labels and annotations mean something

      3 errors, 0 warnings; 1 not looked at
      "
    `)
  })

  it('gives programs the same as JSON', async () => {
    const { kubeconfig, url } = await startScriptedApi(version)
    const { code, stdout } = await cli(['check', '-n', 'tools', '--kubeconfig', kubeconfig, '-o', 'json'])
    expect(code).toBe(1)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ server: url, namespace: 'tools', warnings: 0 })
    expect(report.errors).toBe(report.findings.length)
    expect(report.findings[0]).toEqual({
      severity: 'error',
      code: 'FR0205',
      where: 'Namespace tools',
      message: 'it does not exist',
      fix: 'correct -n, or look at all namespaces with -A',
      docs: 'docs/kubernetes/check.md#fr0205',
    })
  })

  it('changes nothing', async () => {
    const { kubeconfig, requests } = await startScriptedApi(version)
    await cli(['check', '-A', '--kubeconfig', kubeconfig])
    expect(requests.length).toBeGreaterThan(8)
    expect(requests.filter(request => !request.startsWith('GET '))).toEqual([])
    expect(requests).toContain('GET /apis/fanoutrelay.dev/v1alpha1/fanoutroutes')
  })

  it('skips what may not be read', async () => {
    const { kubeconfig } = await startScriptedApi(
      { ...version, '/apis/fanoutrelay.dev/v1alpha1/namespaces/shop/fanoutroutes': listOf() },
      403,
    )
    const { code, stdout } = await cli(['check', '--kubeconfig', kubeconfig])
    expect(stdout).toContain('not looked at: status 403: scripted 403')
    expect(stdout).toMatch(/\nnothing found; \d+ not looked at\n$/)
    expect(code).toBe(0)
  })

  it.each([
    [401, 'FR0202'],
    [500, 'FR0204'],
    [429, 'FR0204'],
  ])('ends with 1 when the API server answers %d to everything: %s', async (status, expected) => {
    const { kubeconfig } = await startScriptedApi({}, status)
    const { code, stdout } = await cli(['check', '--kubeconfig', kubeconfig])
    expect(stdout).toContain(`error  ${expected}  API server http://127.0.0.1:`)
    expect(code).toBe(1)
  })

  it('says so when nobody is there', async () => {
    const { code, stdout } = await cli(['check', '--kubeconfig', kubeconfigTo('http://127.0.0.1:1')])
    expect(stdout).toMatch(/error {2}FR0200 {2}API server http:\/\/127.0.0.1:1: .*ECONNREFUSED/)
    expect(stdout).toContain('docs/kubernetes/check.md#fr0200')
    expect(code).toBe(1)
  })

  it.each(['check', 'get'])('%s of a context that does not exist is wrong usage', async verb => {
    const kubeconfig = kubeconfigTo('http://127.0.0.1:1')
    const { code, stdout, stderr } = await cli([verb, '--kubeconfig', kubeconfig, '--context', 'x'])
    expect(stderr).toContain('has no context x; it has test\n  fix: correct --context, or leave it out\n')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  const user = (of: object) =>
    JSON.stringify({
      'current-context': 'a',
      clusters: [{ name: 'a', cluster: { server: 'http://127.0.0.1:1' } }],
      users: [{ name: 'a', user: of }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    })
  it.each([
    ['is empty', '', 'it is empty', 'name another kubeconfig with --kubeconfig'],
    ['has comments only', '# later\n---\n', 'it is empty', 'name another kubeconfig with --kubeconfig'],
    ['is no YAML', 'a: [', 'cannot be used: ', 'mend this place of the file'],
    [
      'has no current context',
      '{"contexts": [{"name": "a", "context": {"cluster": "a"}}]}',
      'no current context; it has a',
      'name one with --context',
    ],
    [
      'has a context without its cluster',
      '{"current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "b"}}]}',
      'it has no cluster of the name that context a gives',
      'correct the context',
    ],
    [
      'names a plugin that is not installed',
      user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-login' } }),
      'its user logs in with the command no-such-login, which cannot be run (ENOENT)',
      'install no-such-login and see that it is in PATH',
    ],
    [
      'names a certificate that is not there',
      user({ 'client-certificate': '/nowhere/tls.crt', 'client-key': '/nowhere/tls.key' }),
      'ENOENT',
      'see that /nowhere/tls.crt is there and may be read',
    ],
  ])('says how to mend a kubeconfig that %s', async (_, content, message, fix) => {
    const kubeconfig = join(directoryWith({ config: content }), 'config')
    const { code, stdout } = await cli(['check', '--kubeconfig', kubeconfig])
    expect(stdout).toContain('error  FR0202  API server')
    expect(stdout).toContain(message)
    expect(stdout).toContain(`\n       fix: ${fix}`)
    expect(code).toBe(1)
  })

  it('asks before an installation what the API server allows', async () => {
    const { kubeconfig, requests } = await startScriptedApi({
      '/version': { gitVersion: 'v1.28.3' },
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': { status: { allowed: false } },
    })
    const { code, stdout } = await cli(['check', '--pre', '-n', 'tools', '--kubeconfig', kubeconfig])
    expect(stdout).toContain('FR0260  API server: it is of version v1.28.3; native sidecars need 1.29')
    expect(stdout).toContain('FR0261  Namespace tools: you may not create deployments.apps')
    expect(stdout).toContain('ok     no other release owns fanoutroutes.fanoutrelay.dev')
    expect(requests).toContain('POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews')
    expect(code).toBe(1)
  })

  it('colours marks for people who see colours', async () => {
    const { kubeconfig } = await startScriptedApi(version)
    const machine = { ...container, terminal: true, colour: true }
    const { stdout } = await cli(['check', '--kubeconfig', kubeconfig], { machine })
    expect(stdout).toContain('\x1b[32mok     \x1b[0mit answers')
  })

  it.each([
    [['check', 'everything'], 'check takes no arguments'],
    [['check', '--kubeconfig', '/nowhere'], '/nowhere does not exist'],
    [['check', '-o', 'yaml'], '--output cannot be "yaml"'],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await cli(args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
