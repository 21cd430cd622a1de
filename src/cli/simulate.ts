import { METHODS } from 'node:http'
import type { Io } from './io.ts'
import { toJson } from './output-option.ts'
import { routePaths } from './paths.ts'
import { readRequest } from './read-request.ts'
import { simulateOptions } from './simulate-options.ts'
import { legScripts } from './simulate-scripts.ts'
import { UsageError } from './usage-error.ts'
import { defineVerb, type VerbInput } from './verb.ts'
import { warnOfErrors } from './warn-of-errors.ts'

export const simulate = defineVerb(
  {
    name: 'simulate',
    summary: 'Send a request through the relay to legs that are slow or fail as you say',
    arguments: 'METHOD PATH FILE…',
    description: [
      'Runs the real data path with its policies; a server on this machine stands in for each leg of the route that',
      'takes the request. Nothing is ever sent to the real upstreams. Time is real: what takes 2s takes 2s here.',
      'WHEN is a share of the requests (30%), the first that reach the leg (first2) or a time of the simulation (1s..3s).',
      'Of several --delay, or --fail, for one leg the first that applies counts. A failing leg takes its delay as well.',
      'Exit code 0 = every request succeeded, 1 = some did not, or it was ended with Ctrl-C, 2 = wrong usage.',
    ],
    options: simulateOptions,
    examples: [
      [
        'fanout-relay simulate POST /orders routes/ --delay inventory=900ms --fail crm=503:first1',
        'one request, and when each of its attempts began, ended and how',
      ],
      [
        'fanout-relay simulate GET /price routes/ --delay a=900ms:5% --rate 50/s',
        'what a slow share of one leg does to the latency of the route',
      ],
      [
        'fanout-relay simulate GET /price routes/ --fail a=503:1s..3s --rate 50/s --duration 6s',
        'an outage of two seconds: retries, their budget, and when the circuit opens and closes',
      ],
    ],
  },
  async (input, io) => {
    const { values } = input
    const prepared = await prepare(input, io)
    const load = loadOf(input)
    const { simulate: run } = await import('../simulate/simulate.ts')
    const { report } = await import('../simulate/report.ts')
    const { renderReport } = await import('../simulate/render-report.ts')
    const stop = new AbortController()
    const interrupt = (): void => stop.abort()
    process.once('SIGINT', interrupt)
    if (load.kind === 'rate') io.stderr(`${announce(load)}\n`)
    try {
      const simulation = { ...prepared, load, seed: values.seed, signal: stop.signal }
      const result = await run(simulation)
      const { colour } = io.machine
      const told = report(simulation, result)
      io.stdout(values.output === 'json' ? toJson(told) : renderReport(told, { colour }))
      for (const defect of result.defects) io.stderr(`${describeDefect(defect)}\n`)
      return result.isSuccess ? 0 : 1
    } finally {
      process.off('SIGINT', interrupt)
    }
  },
)

/** Reads the routes and finds the one that takes the request. */
const prepare = async ({ values, names, positionals }: VerbInput<typeof simulateOptions>, io: Io) => {
  const [method, path, ...files] = positionals
  if (method === undefined || path === undefined || !/^[A-Za-z-]+$/.test(method))
    throw new UsageError('simulate needs a METHOD and a PATH', { fix: example })
  const paths = routePaths('simulate', [...files, ...values.file])
  // Loaded here because the other verbs need neither parser nor planner.
  const { readRoutes } = await import('../config/read-routes.ts')
  const { planRoutes } = await import('../plan/plan-routes.ts')
  const { explain } = await import('../plan/explain.ts')
  const { plan, problems } = planRoutes(await readRoutes(paths))
  warnOfErrors(problems, paths, io)

  const host = values.host ?? values.header.find(([name]) => /^host$/i.test(name))?.[1] ?? 'localhost'
  const headers = values.header.filter(([name]) => !/^host$/i.test(name))
  const request = { method, path, host, headers, body: values.body }
  const asked = readRequest(request)
  if ('refused' in asked) throw untaken(request, asked.refused)
  const { winner, nearest } = explain(plan, asked)
  if (!winner) {
    const [near] = nearest
    throw untaken(
      request,
      near ? `nearest is ${near.route}: ${near.missed.join(', ')}` : 'there are no routes',
    )
  }
  const route = plan.routes.find(({ id }) => id === winner.route)
  if (route?.kind !== 'served')
    throw new UsageError(`${winner.route} takes ${method} ${path}, but it is invalid`, {
      ...(winner.broken && { why: winner.broken }),
      fix: 'fanout-relay lint shows what to mend',
    })
  return { route, request, scripts: legScripts(route, values.delay, values.fail, names) }
}

const example = 'write for example: fanout-relay simulate POST /orders routes/'

const untaken = ({ method, path }: { method: string; path: string }, why: string): UsageError => {
  const upper = method.toUpperCase()
  const isMisspelt = method !== upper && METHODS.includes(upper)
  return new UsageError(`no route takes ${method} ${path}`, {
    why: isMisspelt ? 'methods of HTTP are case-sensitive' : why,
    fix: isMisspelt
      ? `did you mean ${upper}?`
      : `fanout-relay explain ${method} ${path} says what each route misses`,
  })
}

const defaultDurationMs = 2_000

const loadOf = ({ values, names }: VerbInput<typeof simulateOptions>) => {
  const { rate, duration, requests } = values
  if (rate === undefined) {
    if (duration === undefined) return { kind: 'sequence', requests: requests ?? 1 } as const
    throw new UsageError(`${names['duration']} needs --rate`, {
      why: 'without a rate requests are sent one after another',
      fix: 'add for example --rate 50/s, or give --requests instead',
    })
  }
  const due = Math.max(1, Math.round((rate * (duration ?? defaultDurationMs)) / 1000))
  const most = duration === undefined ? (requests ?? due) : Math.min(requests ?? due, due)
  return { kind: 'rate', perSecond: rate, requests: most } as const
}

/** A minute of silence would look like a hang. */
const announce = ({ perSecond, requests }: { perSecond: number; requests: number }): string => {
  const seconds = Math.ceil(requests / perSecond)
  return `sending ${requests} requests in about ${seconds}s; Ctrl-C ends it and shows what there is`
}

const describeDefect = (defect: unknown): string =>
  `fanout-relay: defect of the relay, please report it: ${defect instanceof Error ? defect.stack : String(defect)}`
