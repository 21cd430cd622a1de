import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clusterOf, isFromKubernetes, kubernetesOptions } from '../../src/cli/kubernetes-options.ts'
import { parseOptions } from '../../src/cli/parse-options.ts'
import { UsageError } from '../../src/cli/usage-error.ts'
import { cli } from '../cli/fixtures.ts'
import { makeTokenDir } from './support/harness.ts'

const machine = { terminal: false, colour: false, loopback: ['127.0.0.1'], any: '::', memoryLimit: 2 ** 30 }
const inPod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }

const parse = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  parseOptions('run', kubernetesOptions, args, { env, machine }).values

/** A home directory; with a kubeconfig in it or without. */
const home = (hasKubeconfig = false): string => {
  const directory = makeTokenDir({})
  mkdirSync(join(directory, '.kube'))
  if (hasKubeconfig) writeFileSync(join(directory, '.kube/config'), '')
  return directory
}

describe('routes come from the API server', () => {
  test('when --kubernetes or FANOUT_KUBERNETES says so', () => {
    expect(isFromKubernetes(parse(['--kubernetes']), [], {})).toBe(true)
    expect(isFromKubernetes(parse([], { FANOUT_KUBERNETES: 'true' }), [], {})).toBe(true)
  })

  test('in a pod without PATH, and not with one', () => {
    const values = parse(['--token-dir', makeTokenDir({ token: 't' })])
    expect(isFromKubernetes(values, [], inPod)).toBe(true)
    expect(isFromKubernetes(values, ['routes'], inPod)).toBe(false)
    expect(isFromKubernetes(values, [], {})).toBe(false)
    expect(isFromKubernetes(parse(['--token-dir', makeTokenDir({})]), [], inPod)).toBe(false)
  })

  test('not together with files, and the variable is named where it says so', async () => {
    const { code, stderr } = await cli(['run', 'examples/orders'], { env: { FANOUT_KUBERNETES: 'true' } })
    expect([code, stderr]).toEqual([2, expect.stringMatching(/FANOUT_KUBERNETES does not go with PATH/)])
    expect(() => isFromKubernetes(parse(['--kubernetes']), ['routes'], {})).toThrow(UsageError)
  })
})

describe('the API server is', () => {
  test('that of the pod', () => {
    const tokenDir = makeTokenDir({ token: 't' })
    const values = parse(['--token-dir', tokenDir, '-n', 'shop'])
    expect(clusterOf(values, inPod, home(true))).toEqual({
      tokenDir,
      server: 'https://10.96.0.1:443',
      namespace: 'shop',
    })
    const ipv6 = { ...inPod, KUBERNETES_SERVICE_HOST: 'fd00::1' }
    expect(clusterOf(values, ipv6, home()).server).toBe('https://[fd00::1]:443')
  })

  test('that of a kubeconfig that was named, before that of the pod', () => {
    const kubeconfig = join(makeTokenDir({ config: '' }), 'config')
    const tokenDir = makeTokenDir({ token: 't' })
    const values = parse(['--token-dir', tokenDir, '--kubeconfig', kubeconfig, '--context', 'two'])
    expect(clusterOf(values, inPod, home())).toMatchObject({ kubeconfig, context: 'two' })
  })

  test('that of $KUBECONFIG, or of the home directory', () => {
    const kubeconfig = join(makeTokenDir({ config: '' }), 'config')
    expect(clusterOf(parse([]), { KUBECONFIG: kubeconfig }, home(true))).toMatchObject({ kubeconfig })
    const directory = home(true)
    expect(clusterOf(parse([]), {}, directory).kubeconfig).toBe(join(directory, '.kube/config'))
  })

  test('missing with a word on how to name one', () => {
    expect(() => clusterOf(parse([]), {}, home())).toThrow(UsageError)
    expect(() => clusterOf(parse(['--kubeconfig', '/none']), {}, home())).toThrow('does not exist')
    const env = { FANOUT_KUBECONFIG: '/none' }
    const named = expect.objectContaining({ why: 'FANOUT_KUBECONFIG must name a kubeconfig' })
    expect(() => clusterOf(parse([], env), env, home())).toThrow(named)
  })
})
