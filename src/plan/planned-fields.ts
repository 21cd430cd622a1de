/**
 * Fields that other versions of FanOutRoute have, so that whoever copies one from there is told that it is
 * no slip. Entries with a dot hold below that parent only: `body` is a field of `response` here.
 */
const planned: ReadonlySet<string> = new Set([
  'after',
  'async',
  'auth',
  'cache',
  'compensate',
  'diff',
  'request.body',
  'response.expression',
  'successWhen',
  'tls',
  'when',
])

/** Whether an unknown field is one of another version; `parent` is the name of the field it stands in. */
export const isPlanned = (name: string, parent: string): boolean =>
  planned.has(name) || planned.has(`${parent}.${name}`)

/** Names that a misspelt one may have meant. */
export const plannedNames: readonly string[] = [...planned].filter(name => !name.includes('.'))

/** The same for values: of `role`, and of `response.body`. */
export const isPlannedValue = (value: unknown): boolean => value === 'Async' || value === 'Expression'
