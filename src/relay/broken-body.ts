/**
 * Emitted as 'error' on the response to a request whose body cannot be parsed, before the caller is told so:
 * whoever took the request says under which id it is in the books.
 */
export class BrokenBody extends Error {
  requestId: string | undefined
  /** Of the refusal that the caller is about to get. */
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}
