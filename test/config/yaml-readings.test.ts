import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { readRoutes } from '../../src/config/read-routes.ts'
import { kubectlReads } from '../../src/config/yaml-readings.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { directoryWith } from './fixtures.ts'

const problemsOf = async (text: string, { file = 'a.yaml', inCluster = false } = {}) => {
  const directory = directoryWith({ [file]: text })
  const snapshot = await readRoutes([path.join(directory, file)])
  const { problems } = planRoutes(inCluster ? { ...snapshot, backends: undefined } : snapshot)
  return problems.map(({ code, severity, field, message, fix, location }) => ({
    code: `${code} ${severity}`,
    at: `${location?.line}:${location?.column}`,
    field,
    message,
    fix,
  }))
}

const route = (...lines: readonly string[]): string =>
  [
    'apiVersion: fanoutrelay.dev/v1alpha1',
    'kind: FanOutRoute',
    'metadata: {name: orders}',
    'spec:',
    '  matches: [{method: GET}]',
    '  upstreams: [{name: a, url: "http://a:80"}]',
    ...lines.map(line => `  ${line}`),
    '',
  ].join('\n')

// The whole list is compared with kubectl itself in test/cluster/lint-agreement.test.ts.
test.each([
  ['on', true],
  ['Off', false],
  ['y', true],
  ['NO', false],
  ['oN', undefined],
  ['017', 15],
  ['-017', -15],
  ['08', 8],
  ['8_080', 8080],
  ['0b11', 3],
  ['0X1F', 31],
  ['1_0.5', 10.5],
  ['_1', undefined],
  ['null', undefined],
  ['10s', undefined],
])('kubectl reads %s as %s', (written, read) => expect(kubectlReads(written)).toBe(read))

describe('a route in a file that kubectl reads differently', () => {
  test('is refused in a cluster for a key, which a relay of files gives a warning for and takes', async () => {
    const about = {
      at: '8:5',
      field: 'spec.retry.on',
      message: 'kubectl reads the key on as true unless it is quoted',
      fix: 'put quotes around it: "on"',
    }
    const text = route('retry:', '  on: [Reset]')
    expect(await problemsOf(text, { inCluster: true })).toEqual([{ code: 'FR0009 error', ...about }])
    expect(await problemsOf(text)).toEqual([{ code: 'FR0128 warning', ...about }])
    expect(await problemsOf(route('retry:', '  "on": [Reset]'), { inCluster: true })).toEqual([])
  })

  test('gets a warning for a number', async () => {
    expect(await problemsOf(route('retry: {attempts: 07}', 'rateLimit: {requests: 0100}'))).toEqual([
      {
        code: 'FR0128 warning',
        at: '8:15',
        field: 'spec.rateLimit.requests',
        message: 'kubectl reads 0100 as 64, the relay as 100',
        fix: 'write 100, or 64 if you meant that',
      },
    ])
  })

  test('gets a warning for a text, which is not quoted where it may be secret', async () => {
    const upstreams = (value: string): string =>
      `  upstreams: [{name: a, url: "http://a", request: {headers: {set: [{name: x, value: ${value}}]}}}]`
    const text = (value: string): string => route().replace(/ {2}upstreams.*/, upstreams(value))
    expect(await problemsOf(text('off'))).toMatchObject([
      {
        code: 'FR0128 warning',
        at: '6:78',
        message: 'kubectl reads off as false, the relay as text',
        fix: 'put quotes around it: "off"',
      },
    ])
    expect(JSON.stringify(await problemsOf(text('123_456')))).not.toMatch(/123/)
    expect(await problemsOf(text('123_456'))).toMatchObject([{ code: 'FR0128 warning' }])
    expect(await problemsOf(text('"off"'))).toEqual([])
    expect(await problemsOf(text("'8_080'"))).toEqual([])
  })

  test('gets one problem for a field that has to be mended anyway', async () => {
    expect(await problemsOf(route('retry: {nonIdempotent: yes}', 'off: 1'))).toMatchObject([
      { code: 'FR0004 error', field: 'spec.retry.nonIdempotent', fix: 'write true; yes is text here' },
      { code: 'FR0002 error', field: 'spec.off' },
    ])
  })

  test('is told so at its place in a list, and for its labels', async () => {
    const item = route('retry: {on: [Reset]}')
      .replace('{name: orders}', '{name: orders, labels: {y: no}}')
      .split('\n')
      .map(line => `    ${line}`)
      .join('\n')
    const list = `kind: List\nitems:\n  -\n${item}\n`
    expect(await problemsOf(list, { inCluster: true })).toMatchObject([
      { code: 'FR0009 error', at: '6:39', field: 'metadata.labels.y' },
      { code: 'FR0128 warning', at: '6:39', field: 'metadata.labels.y' },
      { code: 'FR0009 error', at: '10:15', field: 'spec.retry.on' },
    ])
  })

  test('is not when it is JSON, or of another kind', async () => {
    const json = JSON.stringify({
      apiVersion: 'fanoutrelay.dev/v1alpha1',
      kind: 'FanOutRoute',
      metadata: { name: 'orders', labels: { no: 'off' } },
      spec: {
        matches: [{ method: 'GET' }],
        upstreams: [{ name: 'a', url: 'http://a' }],
        retry: { on: ['Reset'] },
      },
    })
    expect(await problemsOf(json, { file: 'a.json', inCluster: true })).toEqual([])
    const other = `${route()}---\nkind: ConfigMap\nmetadata: {name: x}\ndata: {on: off}\n`
    expect((await problemsOf(other)).filter(({ code }) => /FR0009|FR0128/.test(code))).toEqual([])
  })
})

test('of very many such values the first are reported', async () => {
  const codes = `codes: [${Array(20_000).fill('0503').join(', ')}]`
  const problems = await problemsOf(route(`retry: {${codes}}`))
  expect(problems.filter(({ code }) => code.startsWith('FR0128')).length).toBe(1000)
})
