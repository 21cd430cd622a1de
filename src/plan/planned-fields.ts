/**
 * Fields that other versions of FanOutRoute have, so that whoever copies one from there is told that it is
 * no slip. Entries with a dot hold below that parent only: `body` is a field of `response` here.
 */
const planned: ReadonlySet<string> = new Set([
  'after',
  'async',
  'auth',
  'cache',
  'circuitBreaker',
  'compensate',
  'concurrency',
  'diff',
  'hedge',
  'idempotencyKey',
  'rateLimit',
  'request.body',
  'response.expression',
  'retry',
  'retryBudget',
  'successWhen',
  'tls',
  'when',
  'workloadSelector',
])

/** Words for planned fields that come to mind as well. */
const otherNames: Readonly<Record<string, string>> = { retries: 'retry', circuitBreakers: 'circuitBreaker' }

export const isPlanned = (name: string, parent: string): boolean =>
  planned.has(name) || planned.has(`${parent}.${name}`)

/** Names that a misspelt one may have meant. */
export const plannedNames: readonly string[] = [
  ...[...planned].filter(name => !name.includes('.')),
  ...Object.keys(otherNames),
]

/** `retries` -> `retry` */
export const plannedName = (name: string): string => otherNames[name] ?? name

/** The same for values: of `role`, and of `response.body`. */
export const isPlannedValue = (value: unknown): boolean => value === 'Async' || value === 'Expression'
