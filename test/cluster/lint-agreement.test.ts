import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '../../src/api/problem.ts'
import { kubectlReads } from '../../src/config/yaml-readings.ts'
import { readDraft } from '../../src/plan/draft.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import { ruleCases } from '../plan/rule-cases.ts'
import { readInput, routeObject, snapshotOf } from '../plan/snapshot.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { type Mutation, mutationsOf } from './support/mutations.ts'
import { causesOf, installCrd, root, tryRoute } from './support/routes.ts'
import { hasClusterTools } from './support/tools.ts'

/** What takes a regular expression, a URL or another resource to be read: the route is stored, its status says it. */
const seenByThePlannerOnly = new Set([
  'FR0040',
  'FR0041',
  'FR0042',
  'FR0043',
  'FR0044',
  'FR0047',
  'FR0048',
  'FR0049',
])

interface RouteObject {
  readonly metadata?: object
  readonly spec?: object
}
const isObject = (value: unknown): value is RouteObject => typeof value === 'object' && value !== null

const testdata = join(root, 'test/plan/testdata')
const goldenRoutes = readdirSync(testdata)
  .filter(file => file.endsWith('.in.yaml'))
  .flatMap(file =>
    readInput(file, readFileSync(join(testdata, file), 'utf8')).snapshot.routes.flatMap(({ id, object }) =>
      isObject(object) ? [{ name: `${id} of ${file}`, object }] : [],
    ),
  )

/** Words, numbers of every base, and what looks like them. */
const scalars = [
  ...'y Y n N yes Yes YES yEs no No NO on On ON oN off Off OFF true True TRUE tRUE false ~ null Null'.split(
    ' ',
  ),
  ...'0 -0 +0 00 017 -017 +017 08 089 0o17 0O17 0o8 0o 0x1F 0X1F -0x1F +0x1F 0xg 0x 0x1p3'.split(' '),
  ...'0b11 0B11 -0b11 0b2 0b 8_080 1_0.5 _1 1_ 0_ 1__0 01_7 0_17 0x_1F -_1 +1_0 1_e3'.split(' '),
  ...'12 +12 1. .5 +.5 -.5 ._5 0.1 010.5 1e3 1E3 1e 1.5e3 1e+3 18446744073709551616'.split(' '),
  ...'190:20 2020-01-01 1.2.3 1,000 = << 10s 250ms 1Mi http://a:80 x-y'.split(' '),
]

const lint = (object: unknown): readonly Problem[] =>
  planRoutes(snapshotOf([object])).problems.filter(
    ({ severity, code }) => severity === 'error' && !seenByThePlannerOnly.has(code),
  )

describe.runIf(hasClusterTools())('lint and the API server', () => {
  let plane: ControlPlane
  const answerTo = (object: unknown) => tryRoute(plane, 'shop', object)
  const refusals = async (object: unknown) => causesOf(await answerTo(object))

  beforeAll(async () => {
    plane = await startControlPlane()
    await plane.createNamespace('shop')
    await installCrd(plane)
  })
  afterAll(() => plane?.stop())

  it.each(ruleCases.map(({ code, rejected }) => ({ code, text: JSON.stringify(rejected), rejected })))(
    'refuse $text for $code, in the same words and for nothing else',
    async ({ rejected }) => {
      const object = routeObject('refused', rejected)
      const causes = await refusals(object)
      expect(causes).toHaveLength(1)
      expect(causes[0]).toContain(lint(object)[0]?.message)
    },
  )

  it.each(
    ruleCases.flatMap(({ code, accepted }) =>
      accepted.map(spec => ({ code, text: JSON.stringify(spec), spec })),
    ),
  )('accept $text, which $code is not about', async ({ spec }) =>
    expect(await refusals(routeObject('accepted', spec))).toEqual([]),
  )

  it.each(goldenRoutes)('judge $name alike, and fill in the same defaults', async ({ object }) => {
    const route = { ...object, metadata: { ...object.metadata, namespace: 'shop' } }
    const answer = await answerTo(route)
    const problems = lint(route)
    if (problems.length > 0) {
      expect(causesOf(answer), problems.map(({ message }) => message).join('\n')).not.toEqual([])
      return
    }
    expect(causesOf(answer)).toEqual([])
    expect(answer.object.spec).toEqual(JSON.parse(JSON.stringify(readDraft(route, () => {}).spec)))
  })

  it('judge alike whatever takes the place of a field', async () => {
    const { object } = goldenRoutes.find(({ name }) => name.endsWith('valid-every-field.in.yaml'))!
    const mutations = mutationsOf(object.spec!)
    expect(mutations.length).toBeGreaterThan(500)
    const disagreements: string[] = []
    const compare = async ({ name, spec }: Mutation): Promise<void> => {
      const route = JSON.parse(JSON.stringify(routeObject('mutated', spec as Record<string, unknown>)))
      const [here, there] = [lint(route).map(({ message }) => message), await refusals(route)]
      if (here.length > 0 !== there.length > 0)
        disagreements.push(`${name}: lint says ${here.join('; ')}, the API server ${there.join('; ')}`)
    }
    for (let i = 0; i < mutations.length; i += 8) await Promise.all(mutations.slice(i, i + 8).map(compare))
    expect(disagreements).toEqual([])
  }, 120_000)

  it('know the same plain scalars that are no text to kubectl', async () => {
    const values = scalars.map((scalar, i) => `  v${i}: ${scalar}`).join('\n')
    const manifest = `apiVersion: example.dev/v1\nkind: Any\nmetadata: {name: a}\nspec:\n${values}\n`
    const { code, stdout, stderr } = await plane.kubectlWith(
      { input: manifest },
      ...['label', '--local', '-f', '-', 'a=b', '-o', 'json'],
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { spec } = JSON.parse(stdout) as { spec: Readonly<Record<string, unknown>> }
    const known = scalars.map((scalar, i) => {
      const read = spec[`v${i}`]
      return `${scalar} = ${typeof read === 'string' || read === null ? undefined : read}`
    })
    expect(scalars.map(scalar => `${scalar} = ${kubectlReads(scalar)}`)).toEqual(known)
  })
})
