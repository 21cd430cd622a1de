import { describe, expect, it } from 'vitest'
import { controllerConfig, controllerOptions } from '../../src/cli/controller-options.ts'
import { parseOptions } from '../../src/cli/parse-options.ts'
import { container } from './fixtures.ts'

const configOf = (...args: string[]) => {
  const { values } = parseOptions('controller', controllerOptions, args, { env: {}, machine: container })
  return controllerConfig(values, { namespace: 'system' }, container, 'abcd')
}

describe('options of the controller', () => {
  it('have the ports of the contract, and no injector without an image', () => {
    const config = configOf()
    const ports = [config.health, config.metrics, config.webhook].map(list => list.map(({ port }) => port))
    expect(ports).toEqual([[8081], [8080], [10250]])
    expect(config.injector).toBeUndefined()
    expect(config).toMatchObject({ resyncMs: 600_000, cluster: { namespace: 'system' } })
    expect(config.identity).toMatch(/.+_abcd$/)
  })

  it('say what relays are like', () => {
    const { injector, identity } = configOf(
      '--relay-image=relay:1',
      '--allowed-image=relay:2',
      '--allowed-image=relay:3',
      '--relay-default=memory-limit=512Mi',
      '--relay-env=OTEL_EXPORTER_OTLP_HEADERS=a=b',
      '--webhook-certificate=/certificate',
      '--identity=me',
    )
    expect(injector).toEqual({
      image: 'relay:1',
      allowedImages: ['relay:2', 'relay:3'],
      defaults: { 'memory-limit': '512Mi' },
      env: [{ name: 'OTEL_EXPORTER_OTLP_HEADERS', value: 'a=b' }],
      runAsUser: 65532,
      certificateDirectory: '/certificate',
    })
    expect(identity).toBe('me')
  })

  it('say how often everything is looked at again, and how long it goes on once told to stop', () => {
    expect(configOf('--resync=1m', '--drain-delay=3s')).toMatchObject({
      resyncMs: 60_000,
      drainDelayMs: 3_000,
    })
    expect(configOf().drainDelayMs).toBe(5_000)
    const machine = { ...container, terminal: true }
    const { values } = parseOptions('controller', controllerOptions, [], { env: {}, machine })
    expect(controllerConfig(values, {}, machine, '').drainDelayMs).toBe(0)
  })

  it('leave the user of relays to the cluster where that is asked for', () => {
    const env = { FANOUT_RELAY_RUN_AS_USER: 'none' }
    const { values } = parseOptions('controller', controllerOptions, ['--relay-image=relay:1'], {
      env,
      machine: container,
    })
    expect(controllerConfig(values, {}, container, '').injector?.runAsUser).toBe('none')
    expect(configOf('--relay-image=relay:1', '--relay-run-as-user=1000').injector?.runAsUser).toBe(1000)
  })

  it.each([
    ['--relay-default=memory-limit'],
    ['--relay-run-as-user=0'],
    ['--relay-run-as-user=nobody'],
    ['--relay-env==x'],
    ['--webhook=127.0.0.1:1,127.0.0.1:2'],
    ['--resync=10'],
    ['--relay-env=A=1', '--relay-env=A=2'],
  ])('refuse %s', (...args) => expect(() => configOf(...args)).toThrow())
})
