import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { directoryWith } from '../e2e/support/directories.ts'
import { startRelayProcess } from '../e2e/support/relay-process.ts'
import { oneUpstream } from '../e2e/support/routes.ts'
import { closing } from '../support/cleanup.ts'
import { startUpstream } from '../support/upstream.ts'
import { type Packed, pack } from './support/stage.ts'

const close = closing()
let packed: Packed
/** The bundle and the examples, and nothing else. */
let alone: string

beforeAll(() => {
  packed = pack()
  alone = path.join(packed.workspace, 'alone')
  for (const entry of ['dist', 'examples'])
    cpSync(path.join(packed.directory, entry), path.join(alone, entry), { recursive: true })
}, 60_000)
afterAll(() => packed?.remove())

const bundle = (): readonly string[] => [process.execPath, path.join(alone, 'dist/fanout-relay.cjs')]
const env = { PATH: process.env['PATH'] }

const run = (...args: readonly string[]) => {
  const [command, ...before] = bundle()
  return spawnSync(command!, [...before, ...args], { cwd: packed.workspace, env, encoding: 'utf8' })
}

describe('the published package', () => {
  test('holds what is run and read, and no tests or sources', () => {
    const { files } = packed
    for (const name of [
      'package.json',
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'bin/fanout-relay',
      'bin/require-node.cjs',
      'dist/fanout-relay.cjs',
      'dist/relay.cjs',
      'dist/relay.cjs.LEGAL.txt',
      'crds/fanoutroutes.yaml',
      'docs/cli.md',
      'docs/routes.md',
      'examples/orders/orders.yaml',
      'examples/orders/backends.yaml',
    ])
      expect(files).toContain(name)
    const topLevel = new Set(files.map(file => file.split('/')[0]))
    expect([...topLevel].sort()).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'bin',
        'crds',
        'dist',
        'docs',
        'examples',
        'package.json',
      ].sort(),
    )
    expect(files.filter(file => /\.test\.|(^|\/)(test|node_modules)\//.test(file))).toEqual([])
  })

  test('runs from bin/fanout-relay, without node_modules', () => {
    const binary = path.join(packed.directory, 'bin/fanout-relay')
    const { status, stdout, stderr } = spawnSync(binary, ['version'], {
      cwd: packed.workspace,
      env: { ...env, FANOUT_NODE: process.execPath },
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^fanout-relay \d+\.\d+\.\d+ \(abc123\), Node /)
  })
})

describe('the bundle with nothing beside it but the examples', () => {
  test('checks the examples that come with it', () => {
    const entries = readdirSync(path.join(alone, 'examples'), { withFileTypes: true })
    const examples = entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
    expect(examples).toContain('orders')
    for (const example of examples) {
      const { status, stdout } = run('lint', '--strict', path.join(alone, 'examples', example))
      expect([status, stdout]).toEqual([0, expect.stringMatching(/^no problems in \d+ routes?\n$/)])
    }
  })

  test.each([['crd'], ['help'], ['explain', 'GET', '/none', 'alone/examples/orders']])(
    'carries out %s',
    (...args) => {
      const { status, stdout, stderr } = run(...args)
      expect([status, stderr]).toEqual([args[0] === 'explain' ? 1 : 0, ''])
      expect(stdout).not.toBe('')
    },
  )

  test('relays, and serves its admin API and metrics, where nothing can be written', async () => {
    const upstream = close(await startUpstream())
    const routes = directoryWith({ 'a.yaml': oneUpstream('a', upstream.url) })
    const cwd = path.join(packed.workspace, 'read-only')
    mkdirSync(cwd)
    const writable = [cwd, alone, path.join(alone, 'dist')]
    for (const directory of writable) chmodSync(directory, 0o555)
    const before = readdirSync(alone, { recursive: true }).sort()
    const relay = await startRelayProcess(routes, {
      command: bundle(),
      cwd,
      env: { TMPDIR: '/dev/null/nowhere', HOME: '/dev/null/nowhere', XDG_CACHE_HOME: '/dev/null/nowhere' },
      args: ['--drain-delay', '0s'],
    })
    const answer = await relay.ask({ method: 'POST', path: '/a', body: '{}' })
    expect([answer.status, answer.body.toString()]).toEqual([200, '{"ok":true}'])
    expect(await relay.api('/api/v1/version')).toMatchObject({ revision: 'abc123' })
    expect(await relay.metrics()).toMatch(/^fanout_requests_total\{.*route="default\/a".*\} 1$/m)
    relay.child.kill('SIGTERM')
    expect(await relay.exit).toBe(0)
    expect(relay.output().stderr).toBe('')
    // For root no directory is read-only, so it is also looked at what was written.
    expect(readdirSync(cwd)).toEqual([])
    expect(readdirSync(alone, { recursive: true }).sort()).toEqual(before)
    for (const directory of writable) chmodSync(directory, 0o755)
  })

  test('shows the demo', ({ skip }) => {
    // The demo's APIs have fixed ports; in a network namespace of their own they are free.
    const inNamespace = (...command: readonly string[]) =>
      spawnSync('unshare', ['-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command], {
        cwd: packed.workspace,
        env,
        encoding: 'utf8',
      })
    if (inNamespace('true').status !== 0) {
      console.warn('SKIPPED: network namespaces are not allowed here')
      skip()
    }
    const session = path.join(import.meta.dirname, 'support/demo-session.ts')
    const { stdout, stderr } = inNamespace(process.execPath, session, bundle()[1]!)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      code: 207,
      status: 'partial_success',
      upstreams: ['inventory', 'crm'],
      exit: 0,
    })
  })
})
