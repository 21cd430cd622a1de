import type { Duplex } from 'node:stream'

const ending = Symbol('ending')

type MaybeEnding = Duplex & { [ending]?: true }

/**
 * Says that the answer under way is the last on its connection. Node goes on to read what follows, but none of
 * it may be taken (RFC 9112 §9.6): after a message that cannot be trusted it need not be a request at all.
 */
export const markEnding = (socket: Duplex): void => {
  const marked: MaybeEnding = socket
  marked[ending] = true
}

/** True when nobody would see the answer to a further request on this connection. */
export const isEnding = (socket: Duplex): boolean =>
  (socket as MaybeEnding)[ending] === true || !socket.writable
