import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RawClient } from '../../support/raw-client.ts'

/** One request on a real connection, with its answer in the hands of the test. */
export interface Asked {
  readonly client: RawClient
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Hangs up and waits until the server has seen it. */
  leave(): Promise<void>
}

export class ReplyServer {
  readonly #server = createServer()
  #port = 0

  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  async ask(method = 'POST'): Promise<Asked> {
    const asked = once(this.#server, 'request') as Promise<[IncomingMessage, ServerResponse]>
    const client = await RawClient.connect(this.#port)
    client.send(`${method} / HTTP/1.1\r\nHost: here\r\n\r\n`)
    const [request, response] = await asked
    const leave = async (): Promise<void> => {
      const left = once(response, 'close')
      client.socket.destroy()
      await left
    }
    return { client, request, response, leave }
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
