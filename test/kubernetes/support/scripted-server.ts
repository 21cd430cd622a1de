import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { apiVersion, group, kind, plural, version } from '../../../src/api/names.ts'
import { eventually } from '../../support/eventually.ts'

/*
 * An API server in as many lines as a reflector needs: lists with pages, watches with history and bookmarks,
 * discovery. A test answers single requests itself where a real server would not do it the favour.
 */

export interface FakeObject {
  readonly apiVersion: string
  readonly kind: string
  metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    resourceVersion: string
    generation: number
    readonly creationTimestamp: string
    managedFields?: unknown
  }
  spec: unknown
}

type RequestKind = 'list' | 'watch' | 'discovery'
type Script = (request: IncomingMessage, response: ServerResponse, url: URL) => void

interface OpenWatch {
  readonly response: ServerResponse
  readonly from: number
}

interface Options {
  readonly tls?: { readonly cert: string; readonly key: string }
}

export class ScriptedServer {
  readonly namespace = 'shop'
  readonly objects = new Map<string, FakeObject>()
  /** Kind, path and token of each request, in order. */
  readonly requests: { readonly kind: RequestKind; readonly url: URL; readonly token: string }[] = []
  readonly watches = new Set<OpenWatch>()
  readonly sockets = new Set<Socket>()
  /** The only token that is taken; '' = any. */
  token = ''
  /** False = there is no such resource; `terminating` = its definition is being deleted. */
  resource: boolean | 'terminating' = true
  url = ''
  connections = 0
  #version = 100
  #compacted = 0
  #history: { readonly version: number; readonly line: string }[] = []
  readonly #scripts: { readonly kind: RequestKind; readonly script: Script }[] = []
  readonly #server: ReturnType<typeof createServer>
  readonly #isTls: boolean

  constructor({ tls }: Options = {}) {
    const listener: RequestListener = (request, response) => this.#answer(request, response)
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener)
    this.#server.keepAliveTimeout = 0
    this.#isTls = tls !== undefined
    this.#server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.connections += 1
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.sockets.delete(socket))
    })
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(port, '127.0.0.1', resolve))
    this.url = `${this.#isTls ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get version(): string {
    return String(this.#version)
  }

  /** Answers the next request of that kind. */
  script(kind: RequestKind, script: Script): void {
    this.#scripts.push({ kind, script })
  }

  /** Answers the next request of that kind with an error. */
  fail(kind: RequestKind, status: number, headers: Record<string, string> = {}): void {
    this.script(kind, (_request, response) => refuse(response, status, headers))
  }

  count(kind: RequestKind): number {
    return this.requests.filter(request => request.kind === kind).length
  }

  /** Creates or changes an object. With `silent` no watch hears of it. */
  put(name: string, spec: unknown = {}, { silent = false }: { readonly silent?: boolean } = {}): FakeObject {
    const before = this.objects.get(name)
    this.#version += 1
    const object: FakeObject = {
      apiVersion,
      kind,
      metadata: {
        name,
        namespace: this.namespace,
        uid: `uid-${name}`,
        resourceVersion: this.version,
        generation: (before?.metadata.generation ?? 0) + 1,
        creationTimestamp: '2026-01-01T00:00:00Z',
        managedFields: [{ manager: 'kubectl' }],
      },
      spec,
    }
    this.objects.set(name, object)
    if (!silent) this.#tell(before ? 'MODIFIED' : 'ADDED', object)
    return object
  }

  delete(name: string, { silent = false }: { readonly silent?: boolean } = {}): void {
    const before = this.objects.get(name)!
    this.objects.delete(name)
    this.#version += 1
    const metadata = { ...before.metadata, resourceVersion: this.version }
    if (!silent) this.#tell('DELETED', { ...before, metadata })
  }

  /** Moves the version on without a change to our objects, as the rest of a cluster does. */
  bump(by: number): void {
    this.#version += by
  }

  bookmark(): void {
    for (const { response } of this.watches) response.write(bookmarkLine(this.version))
  }

  /** Writes bytes to every watch. */
  raw(text: string | Buffer): void {
    for (const { response } of this.watches) response.write(text)
  }

  /** Ends every watch, as the server does at its timeout. */
  endWatches(): void {
    for (const { response } of this.watches) response.end()
    this.watches.clear()
  }

  cutConnections(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  /** History up to now is forgotten: versions before it are too old. */
  compact(): void {
    this.#compacted = this.#version
    this.#history = []
  }

  async watching(): Promise<void> {
    await eventually(() => {
      if (this.watches.size === 0) throw new Error('nobody watches')
    })
  }

  async close(): Promise<void> {
    this.cutConnections()
    if (this.#server.listening) await new Promise(resolve => this.#server.close(resolve))
  }

  #tell(type: string, object: FakeObject): void {
    const line = eventLine(type, object)
    this.#history.push({ version: this.#version, line })
    for (const { response } of this.watches) response.write(line)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const url = new URL(request.url ?? '/', 'http://server')
    const isCollection = url.pathname === `/apis/${group}/${version}/namespaces/${this.namespace}/${plural}`
    const kind = !isCollection ? 'discovery' : url.searchParams.has('watch') ? 'watch' : 'list'
    const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
    this.requests.push({ kind, url, token })
    const index = this.#scripts.findIndex(one => one.kind === kind)
    if (index >= 0) return this.#scripts.splice(index, 1)[0]!.script(request, response, url)
    if (this.token !== '' && token !== this.token) return refuse(response, 401)
    this[kind](response, url)
  }

  discovery(response: ServerResponse): void {
    if (this.resource === false) return refuse(response, 404)
    const verbs = ['delete', 'get', 'list', 'watch', ...(this.resource === true ? ['create'] : [])]
    send(response, { kind: 'APIResourceList', resources: [{ name: plural, verbs }] })
  }

  list(response: ServerResponse, url: URL): void {
    if (this.resource === false) return refuse(response, 404)
    const limit = Number(url.searchParams.get('limit') ?? Number.POSITIVE_INFINITY)
    const [from = '0', at = this.version] = (url.searchParams.get('continue') ?? '')
      .split('@')
      .filter(Boolean)
    if (Number(at) < this.#compacted) return refuse(response, 410)
    const all = [...this.objects.values()]
    const end = Number(from) + limit
    const metadata = { resourceVersion: at, ...(end < all.length && { continue: `${end}@${at}` }) }
    send(response, { kind: `${kind}List`, apiVersion, metadata, items: all.slice(Number(from), end) })
  }

  watch(response: ServerResponse, url: URL): void {
    if (this.resource === false) return refuse(response, 404)
    const from = Number(url.searchParams.get('resourceVersion'))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (from < this.#compacted) return void response.end(errorLine(410))
    for (const { version, line } of this.#history) if (version > from) response.write(line)
    const open = { response, from }
    this.watches.add(open)
    response.on('close', () => this.watches.delete(open))
  }
}

export const startScriptedServer = async (options: Options = {}): Promise<ScriptedServer> => {
  const server = new ScriptedServer(options)
  await server.listen()
  return server
}

export const eventLine = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`

export const bookmarkLine = (resourceVersion: string): string =>
  eventLine('BOOKMARK', { kind, apiVersion, metadata: { resourceVersion, creationTimestamp: null } })

/** `retryAfterSeconds`: how long the server wants to be left alone. */
export const errorLine = (code: number, retryAfterSeconds?: number): string =>
  eventLine('ERROR', {
    ...statusOf(code),
    ...(retryAfterSeconds !== undefined && { details: { retryAfterSeconds } }),
  })

export const statusOf = (code: number) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message: `scripted ${code}`,
  code,
})

export const refuse = (
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(statusOf(status)))
}

const send = (response: ServerResponse, body: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
