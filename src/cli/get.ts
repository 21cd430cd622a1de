import { withCluster } from './check-cluster.ts'
import { readOptions } from './check-options.ts'
import type { Io } from './io.ts'
import type { Option } from './option.ts'
import { asCalled } from './program-name.ts'
import { UsageError } from './usage-error.ts'
import { choice, flag } from './values.ts'
import { defineVerb } from './verb.ts'

const output: Option<'text' | 'json' | 'yaml'> = {
  flag: 'output',
  short: 'o',
  value: 'FORMAT',
  description: 'text for people; json and yaml are the whole objects.',
  default: 'text',
  read: choice('text', 'json', 'yaml'),
}

const watch: Option<boolean> = {
  flag: 'watch',
  short: 'w',
  description: 'Go on with a line for each change.',
  default: 'false',
  read: flag,
}

export const get = defineVerb(
  {
    name: 'get',
    summary: 'Show routes of a cluster, and why one is not ready',
    arguments: '[routes] [NAME]',
    description: [
      'READY and RELAYS are what the controller found; below a route that is not ready stands why.',
      'Exit code 0 = shown, 1 = not there or not readable, 2 = wrong usage.',
    ],
    options: { ...readOptions, watch, output },
    examples: [
      ['fanout-relay get', 'the routes in the namespace of the context'],
      ['fanout-relay get orders -n shop -w', 'one route, and what becomes of it'],
      ['fanout-relay get -A -o yaml', 'all of them, as kubectl apply takes them'],
    ],
  },
  async ({ values, positionals }, io) => {
    const name = nameIn(positionals)
    // Loaded here because the other verbs need none of it.
    const { getRoutes } = await import('./get-routes.ts')
    const ending = new AbortController()
    // A reader that leaves early, such as head, is how a watch in a pipe ends.
    if (values.watch) process.stdout.once('close', () => ending.abort())
    const got = await withCluster(values, io, client =>
      getRoutes(
        client,
        {
          namespace: values.allNamespaces ? undefined : client.namespace,
          name,
          output: values.output,
          watch: values.watch,
          signal: ending.signal,
          wallClock: Date.now,
        },
        io,
      ),
    )
    if ('value' in got) return got.value
    await tellFailure(got, io)
    return 1
  },
)

/** `get`, `get routes`, `get orders`, `get routes orders` */
const nameIn = (positionals: readonly string[]): string | undefined => {
  const [name, ...more] =
    positionals[0] === 'routes' || positionals[0] === 'route' ? positionals.slice(1) : positionals
  if (more.length > 0)
    throw new UsageError(`get shows one route or all, but got "${positionals.join(' ')}"`, {
      fix: 'name one: fanout-relay get orders',
    })
  if (name !== undefined && !/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(name))
    throw new UsageError(`"${name}" cannot be the name of a route`, {
      why: 'names are lower-case letters, digits, dashes and dots',
      fix: 'fanout-relay get shows those there are',
    })
  return name
}

type Failure = Extract<Awaited<ReturnType<typeof withCluster>>, { error: unknown }>

const tellFailure = async ({ error, server }: Failure, io: Io): Promise<void> => {
  const { serverFinding } = await import('../check/server-finding.ts')
  const { noResource } = await import('../check/check-crd.ts')
  const { where, code, message, fix, docs } =
    error.reason === 'not_found' ? noResource() : serverFinding(error, server)
  const text = `fanout-relay: ${code} ${where}: ${message}\n  fix: ${fix}\n  ${docs}\n`
  io.stderr(asCalled(text, io.env))
}
