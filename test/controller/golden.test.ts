import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { reasons } from '../../src/api/labels.ts'
import { maxMessageLength, routeStatus } from '../../src/api/status.ts'
import { createJudge } from '../../src/controller/judge-routes.ts'
import { isOptedIn } from '../../src/controller/opt-in.ts'
import { type AskedRelay, type RelayAnswer, relayOf } from '../../src/controller/relays.ts'
import type {
  NamespaceObject,
  PodObject,
  RoleBindingObject,
  RouteObject,
  ServiceObject,
} from '../../src/controller/resources.ts'
import { bindingStep } from '../../src/controller/role-binding.ts'
import { conditionsOf, statusOf } from '../../src/controller/route-status.ts'
import { sameStatus } from '../../src/controller/same-status.ts'
import { transitionsBetween } from '../../src/controller/transitions.ts'

/*
 * Pairs `<case>.in.yaml`, `<case>.out.yaml`: objects of one namespace in, statuses, events and RoleBinding out.
 * A document `test: {relays: {<pod>: {<namespace/route>: <generation>} | unreachable | pending}}` says what relays
 * answer. UPDATE_GOLDEN=1 writes what comes out; read the difference before it is committed.
 */

const folder = join(import.meta.dirname, 'testdata')
const cases = readdirSync(folder)
  .filter(file => file.endsWith('.in.yaml'))
  .map(file => file.replace('.in.yaml', ''))
const now = '2026-11-22T12:00:00Z'

type Answers = Readonly<Record<string, Readonly<Record<string, number>> | 'unreachable' | 'pending'>>
interface Document {
  readonly kind?: string
  readonly test?: { readonly relays?: Answers }
}

const readCase = (name: string) => {
  const text = readFileSync(join(folder, `${name}.in.yaml`), 'utf8')
  const documents = parseAllDocuments(text).map(document => document.toJS() as Document)
  const of = <T>(kind: string): readonly T[] =>
    documents.filter(document => document.kind === kind) as unknown as readonly T[]
  const answers = documents.find(({ test }) => test)?.test?.relays ?? {}
  const pods = of<PodObject>('Pod')
  return {
    routes: of<RouteObject>('FanOutRoute'),
    services: of<ServiceObject>('Service'),
    pods,
    namespace: of<NamespaceObject>('Namespace')[0],
    binding: of<RoleBindingObject>('RoleBinding')[0],
    relays: pods.flatMap((pod): readonly AskedRelay[] => {
      const relay = relayOf(pod)
      return relay ? [{ ...relay, answer: answerOf(answers[relay.pod]) }] : []
    }),
  }
}

const answerOf = (given: Answers[string] | undefined): RelayAnswer =>
  typeof given === 'string'
    ? { kind: given }
    : { kind: 'answered', generations: new Map(Object.entries(given ?? {})) }

const run = (name: string) => {
  const { routes, services, pods, namespace, binding, relays } = readCase(name)
  const judged = createJudge()(routes)
  const findService = (of: string, service: string) =>
    services.find(({ metadata }) => metadata.namespace === of && metadata.name === service)
  const statuses = routes.map(route => {
    const status = statusOf(route, judged.get(route)!, { relays, findService, now })
    const events = transitionsBetween(conditionsOf(route), status.conditions ?? [])
    return { route, status, events, write: !sameStatus(route.status, status) }
  })
  const step = bindingStep('shop', isOptedIn(namespace, pods), binding)
  return { statuses, step }
}

const render = ({ statuses, step }: ReturnType<typeof run>): string =>
  stringify(
    {
      ...(step.kind !== 'none' && { roleBinding: step }),
      routes: statuses.map(({ route, status, events, write }) => ({
        name: route.metadata.name,
        write,
        status,
        ...(events.length > 0 && {
          events: events.map(({ type, reason, note }) => `${type} ${reason}: ${note.slice(0, 60)}`),
        }),
      })),
    },
    { lineWidth: 110, aliasDuplicateObjects: false },
  )

describe('golden pairs', () => {
  it.each(cases)('%s', name => {
    const actual = render(run(name))
    const path = join(folder, `${name}.out.yaml`)
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, actual)
    expect(parse(actual)).toEqual(parse(readFileSync(path, 'utf8')))
  })

  const all = cases.flatMap(name => run(name).statuses)

  it('fit the schema of the status', () => {
    const problems = all.flatMap(({ route, status }) => {
      const { error } = routeStatus.safeParse(status)
      return error ? [`${route.metadata.name}: ${error.message}`] : []
    })
    expect(problems).toEqual([])
  })

  it('show every reason', () => {
    const shown = new Set(all.flatMap(({ status }) => (status.conditions ?? []).map(({ reason }) => reason)))
    expect([...shown].sort()).toEqual([...new Set(Object.values(reasons))].sort())
  })

  it('bound every message', () => {
    const lengths = all.flatMap(({ status }) =>
      (status.conditions ?? []).map(({ message }) => message.length),
    )
    expect(Math.max(...lengths)).toBe(maxMessageLength)
  })

  it('are at rest once written: a status that is as it should be is not written again', () => {
    for (const name of cases) {
      const { routes, relays, services } = readCase(name)
      const judge = createJudge()
      const findService = (of: string, service: string) =>
        services.find(({ metadata }) => metadata.namespace === of && metadata.name === service)
      const first = judge(routes)
      const written = routes.map(route => ({
        ...route,
        status: JSON.parse(JSON.stringify(statusOf(route, first.get(route)!, { relays, findService, now }))),
      }))
      const later = judge(written)
      for (const route of written) {
        const status = statusOf(route, later.get(route)!, {
          relays,
          findService,
          now: '2026-11-23T00:00:00Z',
        })
        expect([name, route.metadata.name, sameStatus(route.status, status)]).toEqual([
          name,
          route.metadata.name,
          true,
        ])
      }
    }
  })
})
