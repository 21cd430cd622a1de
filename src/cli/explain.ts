import { METHODS } from 'node:http'
import { headerOption } from './header-option.ts'
import { InvalidValue, type Option } from './option.ts'
import { outputOption, toJson } from './output-option.ts'
import { routePaths } from './paths.ts'
import { readRequest } from './read-request.ts'
import { UsageError } from './usage-error.ts'
import { texts } from './values.ts'
import { defineVerb } from './verb.ts'
import { warnOfErrors } from './warn-of-errors.ts'

/** Name or address, with or without port. */
const readHost = ([given]: readonly string[]): string | undefined => {
  if (given !== undefined && !/^(\[[0-9A-Fa-f:.]+\]|[\w.~%-]+)(:[0-9]{1,5})?$/.test(given))
    throw new InvalidValue(
      'a host name, with or without port',
      write => `write for example ${write('orders.local')}`,
    )
  return given
}

const options = {
  file: {
    flag: 'file',
    short: 'f',
    value: 'PATH',
    repeatable: true,
    description: 'Files and directories with routes; they may also simply follow the path.',
    default: '',
    read: texts,
  } satisfies Option<readonly string[]>,
  header: headerOption,
  host: {
    flag: 'host',
    value: 'NAME',
    description: 'The Host header of the request, for routes with hostnames.',
    default: '',
    read: readHost,
  } satisfies Option<string | undefined>,
  output: outputOption,
}

/** @throws UsageError for what is no method, or one in the wrong case: the relay would take it for another. */
const checkMethod = (method: string): void => {
  if (!/^[A-Za-z-]+$/.test(method))
    throw new UsageError('explain needs a METHOD and a PATH', { fix: example })
  const upper = method.toUpperCase()
  if (method === upper || !METHODS.includes(upper)) return
  throw new UsageError(`there is no method "${method}"`, {
    why: 'methods of HTTP are case-sensitive',
    fix: `did you mean ${upper}?`,
  })
}

const example = 'write for example: fanout-relay explain POST /orders routes/'

export const explain = defineVerb(
  {
    name: 'explain',
    summary: 'Show which route takes a request, why, and what would be sent',
    arguments: 'METHOD PATH FILE…',
    description: ['Sends nothing. Exit code 0 = a route takes it, 1 = none does, 2 = wrong usage.'],
    options,
    examples: [
      [
        'fanout-relay explain POST /orders routes/',
        'the winner, the runners-up and the requests that follow',
      ],
      ["fanout-relay explain GET '/orders?dryRun=true' routes/ -H 'x-tenant: acme'", 'with query and header'],
    ],
  },
  async ({ values, positionals }, io) => {
    const [method, path, ...files] = positionals
    if (method === undefined || path === undefined)
      throw new UsageError('explain needs a METHOD and a PATH', { fix: example })
    checkMethod(method)
    const paths = routePaths('explain', [...files, ...values.file])
    // Loaded here because the other verbs need neither parser nor planner.
    const { readRoutes } = await import('../config/read-routes.ts')
    const { planRoutes } = await import('../plan/plan-routes.ts')
    const { explain: explainRequest, explainRefusal } = await import('../plan/explain.ts')
    const { formatExplanation } = await import('../plan/explain-text.ts')
    const { plan, problems } = planRoutes(await readRoutes(paths))
    warnOfErrors(problems, paths, io)

    const asked = { method, path, host: values.host, headers: values.header }
    const request = readRequest(asked)
    const explanation =
      'refused' in request ? explainRefusal(asked, request.refused) : explainRequest(plan, request)
    io.stdout(values.output === 'json' ? toJson(explanation) : ensureNewline(formatExplanation(explanation)))
    return explanation.winner ? 0 : 1
  },
)

const ensureNewline = (given: string): string => (given.endsWith('\n') ? given : `${given}\n`)
