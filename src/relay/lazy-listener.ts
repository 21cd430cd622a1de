import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

/**
 * A Hono app behind Node's objects that is loaded when the first request for it comes. Hono's adapter touches
 * the global Request, for which Node loads an HTTP client of its own: 30 ms and 10 MB that most relays never need.
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
    void listener.then(listen => listen(request, response))
  }
}
