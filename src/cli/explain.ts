import { InvalidValue, type Option } from './option.ts'
import { outputOption, toJson } from './output-option.ts'
import { routePaths } from './paths.ts'
import { UsageError } from './usage-error.ts'
import { text, texts } from './values.ts'
import { defineVerb } from './verb.ts'

type Header = readonly [name: string, value: string]

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
  header: {
    flag: 'header',
    short: 'H',
    value: "'NAME: VALUE'",
    repeatable: true,
    description: 'A header of the request.',
    default: '',
    read: given => given.map(readHeader),
  } satisfies Option<readonly Header[]>,
  host: {
    flag: 'host',
    value: 'NAME',
    description: 'The Host header of the request, for routes with hostnames.',
    default: '',
    read: text,
  } satisfies Option<string | undefined>,
  output: outputOption,
}

const readHeader = (given: string): Header => {
  const parts = /^([^:\s]+):\s*(.*)$/.exec(given)
  if (!parts) throw new InvalidValue('NAME: VALUE', "write --header 'x-tenant: acme'")
  return [parts[1]!, parts[2]!]
}

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
    if (method === undefined || path === undefined || !/^[A-Za-z]+$/.test(method)) {
      throw new UsageError('explain needs a METHOD and a PATH', {
        fix: 'write for example: fanout-relay explain POST /orders routes/',
      })
    }
    const paths = routePaths('explain', [...files, ...values.file])
    // Loaded here because the other verbs need neither parser nor planner.
    const { readRoutes } = await import('../config/read-routes.ts')
    const { planRoutes } = await import('../plan/plan-routes.ts')
    const { explain: explainRequest } = await import('../plan/explain.ts')
    const { formatExplanation } = await import('../plan/explain-text.ts')
    const { plan, problems } = planRoutes(await readRoutes(paths))
    const errors = problems.filter(({ severity }) => severity === 'error').length
    if (errors > 0) io.stderr(`warning: the files have ${errors} error(s); fanout-relay lint shows them\n`)

    const explanation = explainRequest(plan, { method, path, host: values.host, headers: values.header })
    io.stdout(values.output === 'json' ? toJson(explanation) : ensureNewline(formatExplanation(explanation)))
    return explanation.winner ? 0 : 1
  },
)

const ensureNewline = (given: string): string => (given.endsWith('\n') ? given : `${given}\n`)
