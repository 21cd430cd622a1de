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
