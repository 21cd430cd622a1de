import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { kubeconfigTo } from '../check/support/scripted-api.ts'
import { cli, directoryWith } from './fixtures.ts'

const cluster = () => ['--kubeconfig', kubeconfigTo('http://127.0.0.1:1')]

describe('controller', () => {
  it.each([
    [
      '--relay-default=cpu-request=junk',
      'the default of cpu-request cannot be "junk": it must be CPUs from 1m to 64',
      'write for example "100m" or "0.5"',
    ],
    ['--relay-default=foo=1', 'there is no annotation "foo" to set a default of', 'use one of port,'],
    [
      '--relay-env=FANOUT_SHUTDOWN_TIMEOUT=1s',
      'the variable FANOUT_SHUTDOWN_TIMEOUT of relays is set by the injector itself',
      'set the default of the annotation instead: --relay-default=shutdown-timeout=…',
    ],
    ['--relay-env=1A=x', '"1A" cannot be the name of a variable for relays', 'write for example OTEL_'],
  ])('%s is wrong usage', async (arg, message, fix) => {
    const { code, stdout, stderr } = await cli(['controller', '--relay-image=relay:1', arg, ...cluster()])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`fanout-relay: ${message}`)
    expect(stderr).toContain(`\n  fix: ${fix}`)
  })

  it.each([
    [
      'no current context',
      { contexts: [{ name: 'a', context: { cluster: 'a' } }] },
      'name one with --context',
    ],
    ['no context at all', {}, 'name another kubeconfig with --kubeconfig'],
  ])('a kubeconfig with %s is wrong usage', async (_, content, fix) => {
    const kubeconfig = join(directoryWith({ config: stringify(content) }), 'config')
    const { code, stderr } = await cli(['controller', '--kubeconfig', kubeconfig])
    expect(code).toBe(2)
    expect(stderr).toContain('fanout-relay: the API server cannot be reached as told\n  why: kubeconfig')
    expect(stderr).toContain(`\n  fix: ${fix}`)
  })
})
