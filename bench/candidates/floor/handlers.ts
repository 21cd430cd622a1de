import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'

type Controller = Dispatcher.DispatchController

/** Passes one upstream's answer on: a short one in a single write, a long one as a stream. */
export class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #outgoing: ServerResponse
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #first: Buffer | undefined

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status
    delete headers.connection
    delete headers['keep-alive']
    delete headers['transfer-encoding']
    this.#headers = headers
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (!this.#outgoing.headersSent) {
      if (!this.#first) {
        this.#first = chunk
        return
      }
      this.#outgoing.writeHead(this.#status, this.#headers).write(this.#first)
    }
    if (this.#outgoing.write(chunk)) return
    controller.pause()
    this.#outgoing.once('drain', () => controller.resume())
  }

  onResponseEnd(): void {
    if (!this.#outgoing.headersSent) this.#outgoing.writeHead(this.#status, this.#headers)
    else this.#first = undefined
    this.#outgoing.end(this.#first)
  }

  onResponseError(): void {
    if (this.#outgoing.headersSent) this.#outgoing.destroy()
    else this.#outgoing.writeHead(502).end()
  }
}

/** Reads a shadow's answer and forgets it. */
export class DropHandler implements Dispatcher.DispatchHandler {
  onRequestStart(): void {}
  onResponseStart(): void {}
  onResponseData(): void {}
  onResponseEnd(): void {}
  onResponseError(): void {}
}

/** Answers with both bodies side by side once both are there. */
export class JoinHandler {
  readonly #outgoing: ServerResponse
  readonly #bodies: Buffer[][] = [[], []]
  #open = 2

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing
  }

  leg(index: 0 | 1): Dispatcher.DispatchHandler {
    return new LegHandler(this.#bodies[index]!, this)
  }

  done(): void {
    this.#open -= 1
    if (this.#open > 0) return
    const [first = [], second = []] = this.#bodies
    const body = Buffer.concat([opening, ...first, between, ...second, closing])
    this.#outgoing
      .writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
      .end(body)
  }
}

const opening = Buffer.from('{"primary":')
const between = Buffer.from(',"secondary":')
const closing = Buffer.from('}')

class LegHandler implements Dispatcher.DispatchHandler {
  readonly #chunks: Buffer[]
  readonly #join: JoinHandler

  constructor(chunks: Buffer[], join: JoinHandler) {
    this.#chunks = chunks
    this.#join = join
  }

  onRequestStart(): void {}
  onResponseStart(): void {}

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#join.done()
  }

  onResponseError(): void {
    this.#chunks.splice(0, this.#chunks.length, Buffer.from('null'))
    this.#join.done()
  }
}
