import fc from 'fast-check'
import { applyPatch } from 'rfc6902'
import { expect, test } from 'vitest'
import { annotations } from '../../src/injector/annotations.ts'
import { decide } from '../../src/injector/decide.ts'
import { pointer, pointerSteps } from '../../src/injector/json-patch.ts'
import type { Pod } from '../../src/injector/pod.ts'
import { sidecar } from './support/options.ts'
import { restrictedViolations } from './support/restricted.ts'

const name = fc.stringMatching(/^[a-z]{1,8}$/)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const env = maybe(
  fc.array(fc.record({ name: fc.constantFrom('A', 'B', 'FANOUT_RELAY_URL'), value: name }), { maxLength: 3 }),
)
const container = fc.record({ name, env })

/** Values that fit, values that do not, and what an attacker would try. */
const value = fc.oneof(
  fc.constantFrom('4780', '5000', '50m', '256Mi', '25s', 'info', 'json', 'all', 'crm-token', 'Always', ''),
  fc.constantFrom(
    'root',
    '0',
    '-1',
    '../..',
    '{"privileged":true}',
    'a\nb',
    'x'.repeat(300),
    'docker.io/evil:1',
  ),
  fc.string({ maxLength: 12 }),
)
const key = fc.oneof(
  fc.constantFrom(...Object.values(annotations).map(annotation => `fanoutrelay.dev/${annotation.name}`)),
  fc.constantFrom('fanoutrelay.dev/privileged', 'fanoutrelay.dev/args', 'a~b/c', '__proto__', 'constructor'),
)

const pod: fc.Arbitrary<Pod> = fc.record({
  metadata: maybe(
    fc.record({
      labels: maybe(
        fc.dictionary(fc.constantFrom('app', 'fanoutrelay.dev/inject'), fc.constantFrom('true', 'x')),
      ),
      annotations: maybe(fc.dictionary(key, value, { maxKeys: 4 })),
    }),
  ),
  spec: fc.record({
    containers: fc.array(container, { minLength: 1, maxLength: 3 }),
    initContainers: maybe(fc.array(container, { maxLength: 2 })),
    volumes: maybe(fc.array(fc.record({ name }), { maxLength: 2 })),
    terminationGracePeriodSeconds: maybe(fc.nat({ max: 60 })),
  }),
}) as fc.Arbitrary<Pod>

const enabled = { 'fanoutrelay.dev/injection': 'enabled' }

const inject = (given: Pod): Pod | undefined => {
  const decision = decide(given, enabled, sidecar)
  if (decision.result !== 'injected') return undefined
  const patched = structuredClone(given)
  for (const failure of applyPatch(patched, [...decision.patch])) if (failure) throw failure
  return patched
}

interface Injected {
  readonly spec: { readonly initContainers: readonly Record<string, unknown>[] }
}

test('injecting twice changes nothing', () => {
  fc.assert(
    fc.property(pod, given => {
      const once = inject(given)
      fc.pre(once !== undefined)
      expect(decide(once, enabled, sidecar)).toMatchObject({ result: 'skipped', reason: 'already_injected' })
    }),
    { numRuns: 200 },
  )
})

test('whatever a pod says, its relay stays within Pod Security restricted, with the image and arguments of the operator', () => {
  fc.assert(
    fc.property(pod, given => {
      const once = inject(given)
      fc.pre(once !== undefined)
      const [relay] = (once as unknown as Injected).spec.initContainers
      expect(relay).toMatchObject({
        name: 'fanout-relay',
        image: sidecar.image,
        args: ['run'],
        restartPolicy: 'Always',
      })
      expect(relay).not.toHaveProperty('command')
      expect(restrictedViolations({ spec: { containers: [relay] } })).toEqual([])
      // The application keeps what it had: nothing but the address of the relay is added.
      const own = [...(given.spec.initContainers ?? []), ...given.spec.containers]
      const left = [...(once.spec.initContainers ?? []).slice(1), ...once.spec.containers]
      for (const [index, { env: before }] of own.entries()) {
        const after = left[index]!.env ?? []
        expect(after.filter(({ name: variable }) => variable === 'FANOUT_RELAY_URL').length).toBeGreaterThan(
          0,
        )
        expect(after.slice(after.length - (before?.length ?? 0))).toEqual(before ?? [])
      }
    }),
    { numRuns: 200 },
  )
})

test('pointers lead back to their steps', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), steps => {
      expect(pointerSteps(pointer(steps))).toEqual(steps)
    }),
  )
})
