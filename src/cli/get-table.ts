import type { Condition, RouteStatus } from '../api/status.ts'
import type { RouteObject } from '../controller/resources.ts'

/** One route as a row: the columns, and what keeps it from being ready, as far as the controller has said. */
export interface RouteRow {
  readonly columns: readonly string[]
  /** `undefined` = nothing. */
  readonly reason: string | undefined
}

export interface TableOptions {
  /** A column with the namespace. */
  readonly namespaces: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

const titles = ['NAME', 'PATH', 'UPSTREAMS', 'STRATEGY', 'READY', 'RELAYS', 'AGE']

export const headings = ({ namespaces }: Pick<TableOptions, 'namespaces'>): readonly string[] =>
  namespaces ? ['NAMESPACE', ...titles] : titles

const none = '-'

export const routeRow = (route: RouteObject, { namespaces, now }: TableOptions): RouteRow => {
  const { name, namespace = '', creationTimestamp, generation } = route.metadata
  const { summary, conditions, observedGeneration } = (route.status ?? {}) as RouteStatus
  const ready = conditions?.find(({ type }) => type === 'Ready')
  const isStale = ready !== undefined && observedGeneration !== generation
  return {
    columns: [
      ...(namespaces ? [namespace] : []),
      name,
      pathsOf(route.spec),
      summary?.upstreams || countUpstreams(route.spec),
      summary?.strategy ?? none,
      ready ? ready.status : 'Unknown',
      summary?.relays ?? none,
      age(creationTimestamp, now),
    ].map(clean),
    reason: reasonOf(ready, isStale, `${observedGeneration}`, `${generation}`),
  }
}

const reasonOf = (
  ready: Condition | undefined,
  isStale: boolean,
  observed: string,
  current: string,
): string | undefined => {
  if (isStale) return `OutOfDate: the status is about generation ${observed}, the route is at ${current}`
  return ready && ready.status !== 'True' ? clean(`${ready.reason}: ${ready.message}`) : undefined
}

/** Columns side by side, as wide as the widest; reasons below their row. */
export const renderTable = (
  titlesShown: readonly string[] | undefined,
  rows: readonly RouteRow[],
  widths: readonly number[] = columnWidths(titlesShown ?? [], rows),
): string => {
  const render = (columns: readonly string[]): string =>
    columns
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd()
  return [
    ...(titlesShown ? [render(titlesShown)] : []),
    ...rows.flatMap(({ columns, reason }) => [render(columns), ...(reason ? [`  ${reason}`] : [])]),
    '',
  ].join('\n')
}

export const columnWidths = (titlesShown: readonly string[], rows: readonly RouteRow[]): readonly number[] =>
  titlesShown.map((title, index) =>
    Math.max(title.length, ...rows.map(({ columns }) => columns[index]?.length ?? 0)),
  )

const pathsOf = (spec: unknown): string => {
  const { matches } = (spec ?? {}) as { readonly matches?: unknown }
  if (!Array.isArray(matches) || matches.length === 0) return '/'
  const [first] = matches as readonly { readonly path?: { readonly value?: unknown } | null }[]
  const path = String(first?.path?.value ?? '/')
  return matches.length === 1 ? path : `${path} +${matches.length - 1}`
}

/** What can be told without a status. */
const countUpstreams = (spec: unknown): string => {
  const { upstreams } = (spec ?? {}) as { readonly upstreams?: unknown }
  return Array.isArray(upstreams) ? String(upstreams.length) : none
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const

/** As kubectl says it, in its largest unit, two of them while it is young: `45s`, `3m20s`, `5h`, `12d`. */
export const age = (timestamp: string | undefined, now: number): string => {
  const seconds = Math.max(0, Math.floor((now - Date.parse(timestamp ?? '')) / 1000))
  if (Number.isNaN(seconds)) return '<unknown>'
  const [unit, length] = units.find(([, size]) => seconds >= size * 2) ?? ['s', 1]
  const whole = Math.floor(seconds / length)
  const rest = unit === 'm' && whole < 10 ? seconds % 60 : 0
  return `${whole}${unit}${rest > 0 ? `${rest}s` : ''}`
}

/** Texts of a cluster may be anybody's: nothing in them moves a cursor. */
const clean = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]+/gu, ' ').trim()
