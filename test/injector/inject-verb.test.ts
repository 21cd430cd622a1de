import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { inject } from '../../src/cli/inject.ts'
import { container, directoryWith } from '../cli/fixtures.ts'

const run = async (args: readonly string[], stdin = '') => {
  let stdout = ''
  let stderr = ''
  const code = await inject.execute(args, {
    env: {},
    machine: container,
    stdout: text => {
      stdout += text
    },
    stderr: text => {
      stderr += text
    },
    stdin: async () => Buffer.from(stdin),
  })
  return { code, stdout, stderr }
}

/** As kubectl reads it. */
const documentsOf = (text: string) =>
  parseAllDocuments(text, { version: '1.1' }).map(document => document.toJS())

const deployment = `# The checkout.
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  replicas: 2  # two are enough
  template:
    metadata:
      labels: {app: checkout}
    spec:
      containers:
        - name: app
          image: "shop/checkout:1"
          env: [{name: DEBUG, value: "yes"}]
      volumes:
        - {name: config, configMap: {name: config, defaultMode: 0644}}
`
const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: checkout}\n'

describe('fanout-relay inject', () => {
  it('injects workloads, passes other kinds, and keeps comments and spellings', async () => {
    const { code, stdout, stderr } = await run(['-f', '-'], `${deployment}---\n${service}---\n`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^# The checkout\.\n/)
    expect(stdout).toContain('replicas: 2 # two are enough')
    expect(stdout).toContain('defaultMode: 0644')
    const [injected, passed, ...more] = documentsOf(stdout)
    expect(more).toEqual([])
    expect(passed).toEqual({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'checkout' } })
    const { metadata, spec } = injected.spec.template
    expect(metadata.annotations['fanoutrelay.dev/status']).toBe('injected')
    expect(spec.initContainers[0]).toMatchObject({ name: 'fanout-relay', restartPolicy: 'Always' })
    expect(spec.containers[0].env).toEqual([
      { name: 'FANOUT_RELAY_URL', value: 'http://localhost:4780' },
      { name: 'DEBUG', value: 'yes' },
    ])
    expect(spec.volumes.map(({ name }: { name: string }) => name)).toEqual([
      'config',
      'fanout-relay-token',
      'fanout-relay-podinfo',
      'fanout-relay-cache',
    ])
    expect(injected.metadata).toEqual({ name: 'checkout' })
  })

  it.each([
    ['v1', 'Pod', (pod: string) => pod],
    ['apps/v1', 'StatefulSet', (pod: string) => `{template: ${pod}}`],
    ['apps/v1', 'DaemonSet', (pod: string) => `{template: ${pod}}`],
    ['batch/v1', 'Job', (pod: string) => `{template: ${pod}}`],
    ['batch/v1', 'CronJob', (pod: string) => `{jobTemplate: {spec: {template: ${pod}}}}`],
  ])('finds the pod of a %s %s', async (apiVersion, kind, wrap) => {
    const pod = '{spec: {containers: [{name: app}]}}'
    const body = kind === 'Pod' ? 'spec: {containers: [{name: app}]}' : `spec: ${wrap(pod)}`
    const { stdout } = await run(
      ['-f', '-'],
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n${body}\n`,
    )
    expect(stdout).toContain('initContainers')
    expect(JSON.stringify(documentsOf(stdout)[0])).toContain('"restartPolicy":"Always"')
  })

  it('finds the items of a List, and writes JSON', async () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}\n`
    const one = JSON.parse((await run(['-o', 'json', '-f', '-'], list)).stdout)
    expect(one.items[0].spec.initContainers[0].name).toBe('fanout-relay')
    const two = JSON.parse((await run(['-o', 'json', '-f', '-'], `${deployment}---\n${service}`)).stdout)
    expect([two.kind, ...two.items.map(({ kind }: { kind: string }) => kind)]).toEqual([
      'List',
      'Deployment',
      'Service',
    ])
    expect(two.items[0].spec.template.spec.volumes[0].configMap.defaultMode).toBe(0o644)
  })

  it('changes nothing the second time', async () => {
    const { stdout: once } = await run(['-f', '-'], deployment)
    const { stdout: twice, stderr } = await run(['-f', '-'], once)
    expect(twice).toBe(once)
    expect(stderr).toContain('Deployment/checkout is left as it is: it has a relay already')
  })

  it('writes out a document with aliases, with all that they stand for', async () => {
    const text = deployment
      .replace('metadata: {name: checkout}', 'metadata: &m {name: checkout}')
      .replace('{app: checkout}', '*m')
    const { code, stdout } = await run(['-f', '-'], text)
    expect(code).toBe(0)
    expect(documentsOf(stdout)[0].spec.template.metadata.labels).toEqual({ name: 'checkout' })
    expect(stdout).not.toContain('*')
  })

  it('takes its image, and leaves out what opted out', async () => {
    const out = deployment.replace('{app: checkout}', '{fanoutrelay.dev/inject: "false"}')
    const { stdout, stderr } = await run(
      ['--image', 'registry.example/relay:9', '-f', '-'],
      `${out}---\n${deployment}`,
    )
    expect(stdout.match(/image: registry\.example\/relay:9/g)).toHaveLength(1)
    expect(stderr).toBe('<stdin>:7:3  info  Deployment/checkout is left as it is: its label says so\n')
  })

  it.each([
    [
      'an annotation out of bounds',
      'labels: {app: checkout}',
      'annotations:\n        fanoutrelay.dev/port: "80"',
      '10:9',
      'cannot be "80"',
    ],
    [
      'a text without quotes',
      'labels: {app: checkout}',
      'annotations:\n        fanoutrelay.dev/port: 5780',
      '10:9',
      'put quotes around it: fanoutrelay.dev/port: "5780"',
    ],
    [
      'containers that are no list',
      'containers:',
      'containers: {}\n      others:',
      '11:7',
      'spec.containers is not a list of at least one',
    ],
    ['YAML that is none', 'replicas: 2', 'replicas: [', '7:3', 'not valid YAML'],
  ])('names file, line and fix of %s, and prints nothing to apply', async (_, from, to, at, what) => {
    const directory = directoryWith({ 'a.yaml': deployment.replace(from, to) })
    const file = join(directory, 'a.yaml')
    const { code, stdout, stderr } = await run(['-f', file])
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(`${file}:${at}`)
    expect(stderr).toContain(what)
    expect(stderr).toMatch(/\n {2}fix: /)
  })

  it.each([
    [
      'a label on a Deployment',
      'metadata: {name: checkout, labels: {fanoutrelay.dev/inject: "false"}}',
      '4:37',
      'Deployment/checkout: label fanoutrelay.dev/inject has no effect in the metadata of a workload',
      'put it under spec.template.metadata.labels',
    ],
    [
      'an annotation on a Deployment',
      'metadata: {name: checkout, annotations: {fanoutrelay.dev/port: "5780"}}',
      '4:42',
      'Deployment/checkout: annotation fanoutrelay.dev/port has no effect in the metadata of a workload',
      'put it under spec.template.metadata.annotations',
    ],
    [
      'the label of namespaces',
      'metadata: {name: checkout, labels: {fanoutrelay.dev/injection: enabled}}',
      '4:37',
      'Deployment/checkout: label fanoutrelay.dev/injection has no effect in the metadata of a workload',
      'label the namespace with it, or write fanoutrelay.dev/inject: "true" under spec.template.metadata.labels',
    ],
  ])('warns of %s itself, and where it belongs', async (_, metadata, at, message, fix) => {
    const text = deployment.replace('metadata: {name: checkout}', metadata)
    const { code, stdout, stderr } = await run(['-f', '-'], text)
    expect(code).toBe(0)
    expect(stderr).toBe(
      `<stdin>:${at}  warning  ${message}: pods have what is in their template\n  fix: ${fix}\n`,
    )
    expect(stdout).toContain('http://localhost:4780')
  })

  it('looks for misplaced keys in items of a List and in the metadata of Jobs that a CronJob makes', async () => {
    const pod = '{spec: {containers: [{name: a}]}}'
    const job = `{metadata: {labels: {fanoutrelay.dev/inject: "true"}}, spec: {template: ${pod}}}`
    const list = `kind: List\nitems:\n  - {apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: ${job}}}\n`
    const { stderr } = await run(['-f', '-'], list)
    expect(stderr).toMatch(/^<stdin>:3:\d+ {2}warning {2}CronJob\/a: label fanoutrelay.dev\/inject /)
    expect(stderr).toContain('put it under spec.jobTemplate.spec.template.metadata.labels')
  })

  it('says nothing of common labels that the template has as well', async () => {
    const both = deployment
      .replace(
        'metadata: {name: checkout}',
        'metadata: {name: checkout, labels: {fanoutrelay.dev/inject: "true"}}',
      )
      .replace('{app: checkout}', '{fanoutrelay.dev/inject: "true"}')
    expect((await run(['-f', '-'], both)).stderr).toBe('')
  })

  it('prints manifests in the order of the command line, however they are named', async () => {
    const directory = directoryWith({
      'one.yaml': service.replace('checkout', 'one'),
      'two.yaml': service.replace('checkout', 'two'),
      'three.yaml': service.replace('checkout', 'three'),
    })
    const named = (name: string) => join(directory, `${name}.yaml`)
    const order = async (args: readonly string[]) =>
      documentsOf((await run(args)).stdout).map(({ metadata }) => metadata.name)
    expect(await order(['-f', named('one'), named('two'), `--file=${named('three')}`])).toEqual([
      'one',
      'two',
      'three',
    ])
    expect(await order([named('two'), '-f', named('one')])).toEqual(['two', 'one'])
  })

  it('leaves the user of the relay to the cluster where that is asked for', async () => {
    const userOf = async (...args: string[]) =>
      documentsOf((await run([...args, '-f', '-'], deployment)).stdout)[0].spec.template.spec
        .initContainers[0].securityContext
    expect(await userOf()).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532 })
    expect(await userOf('--run-as-user=1000')).toMatchObject({ runAsUser: 1000, runAsGroup: 1000 })
    const left = await userOf('--run-as-user', 'none')
    expect(left).toMatchObject({ runAsNonRoot: true })
    expect(left).not.toHaveProperty('runAsUser')
    expect(left).not.toHaveProperty('runAsGroup')
    for (const wrong of ['0', 'root', '2147483648', '1.5'])
      await expect(userOf(`--run-as-user=${wrong}`)).rejects.toThrow(`cannot be "${wrong}"`)
  })

  it('warns of a container that only has the name of the relay', async () => {
    const { stderr } = await run(['-f', '-'], deployment.replace('name: app', 'name: fanout-relay'))
    expect(stderr).toContain(
      "warning  Deployment/checkout: no relay was injected: container fanout-relay has the relay's name",
    )
  })

  it('says that nothing was injected', async () => {
    const { code, stdout, stderr } = await run(['-f', '-'], service)
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'nothing was injected: no pod here is to get a relay\n',
    })
    expect(documentsOf(stdout)).toHaveLength(1)
  })

  it('refuses files that are not there', async () => {
    await expect(run(['-f', 'nowhere.yaml'])).rejects.toThrow('nowhere.yaml does not exist')
    await expect(run(['-f', directoryWith({})])).rejects.toThrow('cannot be read')
  })
})
