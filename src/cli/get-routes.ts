import type { RouteObject } from '../controller/resources.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import { type DataFormat, renderData, renderOne } from './get-output.ts'
import { columnWidths, headings, type RouteRow, renderTable, routeRow } from './get-table.ts'
import { followRoutes } from './get-watch.ts'
import type { Io } from './io.ts'
import { asCalled } from './program-name.ts'

export interface GetOptions {
  /** `undefined` = all. */
  readonly namespace: string | undefined
  /** `undefined` = every route. */
  readonly name: string | undefined
  readonly output: 'text' | DataFormat
  /** Go on with what changes, until the signal aborts. */
  readonly watch: boolean
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
}

/** Prints routes. Resolves with the exit code. @throws ApiError when they cannot be read */
export const getRoutes = async (
  client: ClusterClient,
  options: GetOptions,
  io: Pick<Io, 'stdout' | 'stderr' | 'env'>,
): Promise<number> => {
  const { namespace, name, output, watch, signal } = options
  const { resources } = await import('../check/resources.ts')
  const { list } = await import('../kubernetes/list.ts')
  const resource = {
    ...resources.routes(namespace),
    ...(name !== undefined && { fieldSelector: `metadata.name=${name}` }),
  }
  const listed = (await list<RouteObject>(client, resource, signal)).objects
  const routes = [...listed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, route]) => route)
  const missing = routes.length === 0 && name !== undefined
  if (missing || (routes.length === 0 && output === 'text')) {
    const where = namespace === undefined ? 'any namespace' : `namespace ${namespace}`
    io.stderr(missing ? `there is no route ${name} in ${where}\n` : `there are no routes in ${where}\n`)
    if (missing && !watch) return 1
  }
  const printer = output === 'text' ? tablePrinter(options, io) : dataPrinter(output, options, io)
  await printer.all(routes)
  if (!watch) return 0

  const shown = new Map(listed)
  let printed = Promise.resolve()
  await followRoutes({
    client,
    resource,
    signal,
    onRoute: (key, route) => {
      const before = shown.get(key)
      if (route) shown.set(key, route)
      else shown.delete(key)
      if (route?.metadata.resourceVersion === before?.metadata.resourceVersion) return
      printed = printed.then(() => printer.change(route, before))
    },
    onNotice: text => io.stderr(`${text}\n`),
  })
  await printed
  return 0
}

interface Printer {
  all(routes: readonly RouteObject[]): Promise<void>
  /** `route` is `undefined` when it was deleted, `before` when it is new. */
  change(route: RouteObject | undefined, before: RouteObject | undefined): Promise<void>
}

const tablePrinter = (
  { namespace, wallClock }: GetOptions,
  io: Pick<Io, 'stdout' | 'stderr' | 'env'>,
): Printer => {
  const namespaces = namespace === undefined
  const titles = headings({ namespaces })
  const row = (route: RouteObject): RouteRow => routeRow(route, { namespaces, now: wallClock() })
  let widths: readonly number[] | undefined
  const print = (rows: readonly RouteRow[]): void => {
    // Lines that come later stand below the headings that came first.
    const first = widths === undefined
    widths ??= columnWidths(titles, rows)
    io.stdout(renderTable(first ? titles : undefined, rows, widths))
  }
  return {
    all: async routes => {
      if (routes.length === 0) return
      print(routes.map(row))
      const silent = routes.filter(({ status }) => !hasStatus(status)).length
      if (silent > 0)
        io.stderr(
          asCalled(
            `${silent} of ${routes.length} without status: no controller has looked at them; fanout-relay check says why\n`,
            io.env,
          ),
        )
    },
    change: async (route, before) => {
      if (!route) {
        const { columns } = row(before!)
        return print([{ columns, reason: 'Deleted' }])
      }
      const next = row(route)
      if (before && isSame(next, row(before))) return
      print([next])
    },
  }
}

const hasStatus = (status: unknown): boolean =>
  ((status as { readonly conditions?: readonly unknown[] } | undefined)?.conditions ?? []).length > 0

const isSame = (a: RouteRow, b: RouteRow): boolean =>
  a.reason === b.reason && a.columns.slice(0, -1).join('\n') === b.columns.slice(0, -1).join('\n')

const dataPrinter = (
  format: DataFormat,
  { name, namespace, watch }: GetOptions,
  io: Pick<Io, 'stdout'>,
): Printer => {
  const one = async (route: RouteObject | undefined, before?: RouteObject): Promise<void> =>
    io.stdout(await renderOne(format, route ?? before))
  return {
    all: async routes => {
      // A program that follows reads one object after the other, so there is no list around the first ones.
      if (watch) for (const route of routes) await one(route)
      else
        io.stdout(await renderData(format, routes, { single: name !== undefined && namespace !== undefined }))
    },
    change: one,
  }
}
