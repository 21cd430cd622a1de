const maxDepth = 4
const maxLength = 4096

export interface ErrorDescription {
  readonly type: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: ErrorDescription
  readonly errors?: readonly ErrorDescription[]
}

/**
 * What a log says of something thrown. Only these fields, never whatever else hangs on an error: those of HTTP
 * clients carry headers and bodies.
 */
export function describeError(thrown: unknown, depth = 1): ErrorDescription {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: cut(primitiveText(thrown)) }
  const { name, message, stack, cause } = thrown
  const code = 'code' in thrown && typeof thrown.code === 'string' ? { code: cut(thrown.code) } : {}
  const deeper = depth < maxDepth
  return {
    type: name,
    message: cut(message),
    ...code,
    ...(stack === undefined ? {} : { stack: cut(stack) }),
    ...(deeper && cause !== undefined ? { cause: describeError(cause, depth + 1) } : {}),
    ...(deeper && thrown instanceof AggregateError
      ? { errors: thrown.errors.slice(0, 4).map(error => describeError(error, depth + 1)) }
      : {}),
  }
}

const primitiveText = (value: unknown): string =>
  typeof value === 'object' ? 'not an Error' : typeof value === 'function' ? 'a function' : String(value)

const cut = (text: string): string => (text.length > maxLength ? `${text.slice(0, maxLength)}…` : text)
