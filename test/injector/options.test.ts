import { expect, it } from 'vitest'
import { checkOptions, InvalidOptions } from '../../src/injector/sidecar-options.ts'
import { sidecar } from './support/options.ts'

it('takes defaults that a pod could have written', () => {
  expect(() => checkOptions({ ...sidecar, defaults: { 'memory-limit': '512Mi', secrets: '' } })).not.toThrow()
})

it.each([
  [{ memory: '512Mi' }, 'there is no annotation "memory"'],
  [
    { 'memory-limit': 'lots' },
    'the default of memory-limit cannot be "lots": it must be a size from 32Mi to 64Gi',
  ],
])('refuses %j at start, not at every pod', (defaults, message) => {
  const check = () => checkOptions({ ...sidecar, defaults } as typeof sidecar)
  expect(check).toThrow(InvalidOptions)
  expect(check).toThrow(message)
})

const refusalOf = (name: string): InvalidOptions => {
  try {
    checkOptions({ ...sidecar, env: [{ name, value: '1' }] })
  } catch (error) {
    if (error instanceof InvalidOptions) return error
  }
  throw new Error(`${name} was taken`)
}

it.each([
  ['FANOUT_SHUTDOWN_TIMEOUT', '--relay-default=shutdown-timeout=…'],
  ['FANOUT_LISTEN', '--relay-default=port=…'],
  ['FANOUT_LOG_LEVEL', '--relay-default=log-level=…'],
  ['FANOUT_DRAIN_DELAY', 'leave it out'],
  ['FANOUT_ROUTE_CACHE', 'leave it out'],
])('refuses the variable %s, which the injector sets itself, and says what to use', (name, fix) => {
  const { message, fix: given } = refusalOf(name)
  expect(message).toContain(`the variable ${name} of relays is set by the injector itself`)
  expect(given).toContain(fix)
})

it.each(['1A', 'A B', 'A=', '', '..', 'ü'])('refuses "%s" as the name of a variable', name => {
  expect(refusalOf(name).message).toContain('cannot be the name of a variable for relays')
})

it('takes other variables', () => {
  const env = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'FANOUT_RATE_LIMIT_STORE', 'a.b-c'].map(name => ({
    name,
    value: '',
  }))
  expect(() => checkOptions({ ...sidecar, env })).not.toThrow()
})

it('refuses defaults that contradict each other, with which no pod could be injected', () => {
  const check = (defaults: Record<string, string>) => () => checkOptions({ ...sidecar, defaults })
  expect(check({ 'memory-request': '512Mi' })).toThrow(
    /contradict each other: .*memory-request is 512Mi, more than/,
  )
  expect(check({ 'memory-request': '512Mi', 'memory-limit': '512Mi' })).not.toThrow()
  expect(check({ port: '4782' })).toThrow(InvalidOptions)
})
