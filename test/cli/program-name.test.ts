import { expect, it } from 'vitest'
import { asCalled, programName } from '../../src/cli/program-name.ts'

const plugin = { FANOUT_CALLED_AS: 'kubectl-fanout' }

it('is called as it was typed', () => {
  expect(programName({})).toBe('fanout-relay')
  expect(programName(plugin)).toBe('kubectl fanout')
  expect(programName({ FANOUT_CALLED_AS: 'something else' })).toBe('fanout-relay')
})

it.each([
  ['Usage: fanout-relay VERB', 'Usage: kubectl fanout VERB'],
  ['fanout-relay: there is no verb', 'kubectl fanout: there is no verb'],
  ['x | fanout-relay inject -f -', 'x | kubectl fanout inject -f -'],
  ['deploy/fanout-relay-controller', 'deploy/fanout-relay-controller'],
  ['-n fanout-relay', '-n fanout-relay'],
  ['bin/fanout-relay run', 'bin/fanout-relay run'],
])('%s', (text, called) => {
  expect(asCalled(text, plugin)).toBe(called)
  expect(asCalled(text, {})).toBe(text)
})
