import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { controllerNamespace, grantController } from './support/controller-rights.ts'
import { must } from './support/e2e-command.ts'
import { installCrd } from './support/routes.ts'
import { hasClusterTools } from './support/tools.ts'

const program = join(import.meta.dirname, 'support/run-controller.ts')
const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${controllerNamespace}/leases/fanout-relay-controller`

interface Line {
  readonly level: string
  readonly msg: string
  readonly health?: readonly string[]
  readonly metrics?: readonly string[]
}

describe.runIf(hasClusterTools())('the controller as a process', { timeout: 120_000 }, () => {
  let plane: ControlPlane
  let kubeconfig: string
  let child: ChildProcess
  const lines: Line[] = []

  beforeAll(async () => {
    plane = await startControlPlane()
    await installCrd(plane)
    kubeconfig = await grantController(plane)
    const anyPort = ['health', 'metrics', 'webhook'].map(port => `--${port}=127.0.0.1:0`)
    const args = [program, '--kubeconfig', kubeconfig, '--identity=me', '--log-format=json', ...anyPort]
    child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: child.stdout! }).on('line', line => lines.push(JSON.parse(line) as Line))
  })
  afterAll(async () => {
    child?.kill('SIGKILL')
    await plane?.stop()
  })

  const listening = () =>
    eventually(() => {
      const line = lines.find(({ msg }) => msg === 'listening')
      if (!line) throw new Error(`not listening; exit code ${child.exitCode}; ${JSON.stringify(lines)}`)
      return line
    }, 60_000)
  const get = async (address: string, path: string) => {
    const answer = await fetch(`http://${address}${path}`)
    return { status: answer.status, text: await answer.text() }
  }

  it('leads, answers probes and scrapes, each on its own port', async () => {
    const { health, metrics } = await listening()
    await eventually(async () => {
      const { text } = await get(metrics![0]!, '/metrics')
      expect(text).toMatch(/^fanout_controller_leader 1$/m)
      expect(text).toMatch(/^fanout_build_info\{/m)
    }, 60_000)
    expect(await get(health![0]!, '/livez')).toEqual({ status: 200, text: 'ok\n' })
    expect(await get(health![0]!, '/readyz')).toEqual({ status: 200, text: 'ok\n' })
    expect((await get(health![0]!, '/metrics')).status).toBe(404)
  })

  it('writes statuses', async () => {
    await plane.createNamespace('shop')
    const input = JSON.stringify({
      apiVersion: 'fanoutrelay.dev/v1alpha1',
      kind: 'FanOutRoute',
      metadata: { name: 'orders', namespace: 'shop' },
      spec: { upstreams: [{ name: 'a', url: 'http://a' }] },
    })
    await must(plane.kubectlWith({ input }, 'apply', '-f', '-'))
    const args = ['fo/orders', '-n', 'shop', '--for=condition=Accepted', '--timeout=50s']
    await must(plane.kubectl('wait', ...args))
  })

  it('gives the lease back and exits 0 when it is told to stop', async () => {
    // Unlike `exit`, this waits for what was written.
    const exited = once(child, 'close')
    const before = lines.length
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    const { spec } = (await plane.request('GET', leasePath)).object
    expect(spec).toMatchObject({ holderIdentity: '' })
    // A new API server may have been waited for before, which is a warning and no fault of stopping.
    const after = lines.slice(before)
    expect(after.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
    expect(after.at(-1)?.msg).toBe('stopped')
  })
})
