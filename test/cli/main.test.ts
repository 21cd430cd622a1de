import { describe, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { renderCrd } from '../../src/api/crd.ts'
import { verbs } from '../../src/cli/verbs.ts'
import { cli, directoryWith, route } from './fixtures.ts'

const names = verbs.map(({ name }) => name)

describe('help', () => {
  test.each([['help'], ['--help'], ['-h']])('%s lists every verb on one screen', async given => {
    const { code, stdout } = await cli([given])
    expect(code).toBe(0)
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
    expect(stdout.split('\n').length).toBeLessThan(40)
    expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThan(110)
  })

  test('of a verb shows each option with its variable and its default', async () => {
    const { code, stdout } = await cli(['help', 'run'])
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: fanout-relay run [PATH…] [options]')
    expect(stdout).toMatch(
      /--drain-delay DURATION\n.*\n +FANOUT_DRAIN_DELAY, default 5s, or 0s on a terminal/,
    )
    expect((await cli(['run', '--help'])).stdout).toBe(stdout)
  })

  test('is what no verb at all gets, as a usage error', async () => {
    const { code, stdout, stderr } = await cli([])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: fanout-relay VERB')
  })
})

test.each([
  ['linte', 'lint'],
  ['lnit', 'lint'],
  ['rnu', 'run'],
  ['ru', 'run'],
  ['expalin', 'explain'],
])('the unknown verb %s is a usage error that knows what was meant: %s', async (given, meant) => {
  const { code, stdout, stderr } = await cli([given, 'routes/'])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(`no verb "${given}"`)
  expect(stderr).toContain(`did you mean fanout-relay ${meant}?`)
})

test.each([['version'], ['--version'], ['-v']])(
  '%s prints the version of the package and of Node',
  async given => {
    const { code, stdout } = await cli([given])
    expect([code, stdout]).toEqual([
      0,
      `fanout-relay ${packageJson.version}, Node ${process.versions.node}\n`,
    ])
  },
)

test('version -o json is for programs', async () => {
  const { stdout } = await cli(['version', '-o', 'json'])
  expect(JSON.parse(stdout)).toMatchObject({ version: packageJson.version, node: process.versions.node })
})

test('crd prints the CustomResourceDefinition', async () => {
  expect(await cli(['crd'])).toEqual({ code: 0, stdout: renderCrd(), stderr: '' })
})

test.each([['crd'], ['version'], ['demo']])('%s takes no arguments', async verb => {
  const { code, stderr } = await cli([verb, 'extra'])
  expect(code).toBe(2)
  expect(stderr).toContain('takes no arguments')
})

describe.each(['run', 'lint', 'explain'])('%s', verb => {
  const request = verb === 'explain' ? ['GET', '/'] : []

  test('without a PATH is a usage error with an example', async () => {
    const { code, stderr } = await cli([verb, ...request])
    expect(code).toBe(2)
    expect(stderr).toMatch(/needs at least one PATH[\s\S]*fix: /)
  })

  test('with a PATH that does not exist is a usage error that names it', async () => {
    const { code, stderr } = await cli([verb, ...request, 'no/such/path'])
    expect(code).toBe(2)
    expect(stderr).toContain('no/such/path does not exist')
  })
})

test('a variable that looks like one of ours but is not read is pointed out', async () => {
  const directory = directoryWith({ 'a.yaml': route('orders') })
  const env = { FANOUT_LISTN: '1', FANOUT_PORT: 'tcp://10.0.0.1:80', FANOUT_NODE: 'node', FANOUT_STRICT: '' }
  const { code, stderr } = await cli(['lint', directory], { env })
  expect([code, stderr]).toEqual([
    0,
    'fanout-relay: warning: FANOUT_LISTN is not read; did you mean FANOUT_LISTEN?\n',
  ])
})
