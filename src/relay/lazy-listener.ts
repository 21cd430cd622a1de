import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

/**
 * A Hono app behind Node's objects that is loaded when the first request for it comes. Hono's adapter touches
 * the global Request, for which Node loads an HTTP client of its own: 30 ms and 10 MB that most relays never need.
 * When it cannot be loaded, the request is answered 500 and the defect goes to the top; the next tries again.
 */
export const lazyListener = (load: () => Promise<{ fetch(request: Request): unknown }>): RequestListener => {
  let listener: Promise<RequestListener> | undefined
  return (request: IncomingMessage, response: ServerResponse) => {
    listener ??= Promise.all([import('@hono/node-server'), load()]).then(
      ([{ getRequestListener }, app]) =>
        getRequestListener(request => app.fetch(request), {
          overrideGlobalObjects: false,
        }) as RequestListener,
    )
    listener.then(
      listen => listen(request, response),
      defect => {
        // Whatever kept it from being loaded may pass, such as having too many files open.
        listener = undefined
        response.writeHead(500, ['Content-Length', '0']).end()
        throw defect
      },
    )
  }
}
