import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { eventLine, refuse } from '../../kubernetes/support/scripted-server.ts'
import { gate } from '../../support/gate.ts'

/*
 * As much of an API server as a controller meets: objects of any kind by path, with versions, lists and watches.
 * Nothing is validated, and an apply replaces what it names.
 */

export interface ApiWrite {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly body: KubernetesObject
}

interface Watch {
  readonly collection: string
  readonly response: ServerResponse
}

/** `/api/v1/namespaces/shop/pods/a/status`: the collection in the whole cluster, and which object of it. */
interface Place {
  readonly collection: string
  readonly namespace: string | undefined
  readonly name: string | undefined
}

export class ApiServer {
  url = ''
  /** Everything but GET that was taken. */
  readonly writes: ApiWrite[] = []
  readonly #objects = new Map<string, KubernetesObject>()
  readonly #watches = new Set<Watch>()
  readonly #held = new Map<string, Promise<void>>()
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(error => response.destroy(error as Error))
  })
  #version = 100

  async listen(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Creates or changes an object, and tells those who watch. */
  put(path: string, object: object): KubernetesObject {
    const { collection, namespace, name } = placeOf(path)
    const before = this.#objects.get(path)
    this.#version += 1
    const given = object as Partial<KubernetesObject>
    const metadata = {
      uid: `uid-${name}`,
      generation: 1,
      ...given.metadata,
      name: name!,
      ...(namespace !== undefined && { namespace }),
      resourceVersion: String(this.#version),
    }
    const stored = { ...given, metadata }
    this.#objects.set(path, stored)
    this.#tell(collection, before ? 'MODIFIED' : 'ADDED', stored)
    return stored
  }

  get(path: string): KubernetesObject | undefined {
    return this.#objects.get(path)
  }

  /** Reads of this path get no answer until the function that is returned was called. */
  hold(path: string): () => void {
    const { passed, open } = gate()
    this.#held.set(path, passed)
    return open
  }

  /** Collections that are watched, each as often as it is. */
  get watched(): readonly string[] {
    return [...this.#watches].map(({ collection }) => collection)
  }

  /** Those of a status, of whatever route. */
  get statuses(): readonly ApiWrite[] {
    return this.writes.filter(({ url }) => url.includes('/status?'))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://server')
    const { method = 'GET' } = request
    if (method !== 'GET') return this.#write(method, request, response, path)
    request.resume()
    await this.#held.get(path)
    const { collection, namespace, name } = placeOf(path)
    if (name === undefined)
      return searchParams.has('watch')
        ? this.#watch(response, collection)
        : send(response, this.#list(collection, namespace))
    const found = this.#objects.get(path)
    return found ? send(response, found) : refuse(response, 404)
  }

  async #write(
    method: string,
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> {
    const body = (await json(request)) as KubernetesObject
    const target = method === 'POST' ? `${path}/${body.metadata.name}` : path.replace(/\/status$/, '')
    const before = this.#objects.get(target)
    const version = before?.metadata.resourceVersion
    const isStale = method === 'PUT' && body.metadata.resourceVersion !== version
    if (isStale || (method === 'POST' && before)) return refuse(response, 409)
    this.writes.push({ method, url: request.url ?? '', body })
    const { metadata, ...content } = body
    const all = { ...metadata, ...before?.metadata, resourceVersion: '' }
    send(response, this.put(target, method === 'PATCH' ? { ...before, ...content, metadata: all } : body))
  }

  #list(collection: string, namespace: string | undefined): object {
    const items = [...this.#objects]
      .filter(([path]) => placeOf(path).collection === collection)
      .filter(([path]) => namespace === undefined || placeOf(path).namespace === namespace)
      .map(([, object]) => object)
    return { metadata: { resourceVersion: String(this.#version) }, items }
  }

  #watch(response: ServerResponse, collection: string): void {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    const watch = { collection, response }
    this.#watches.add(watch)
    response.on('close', () => this.#watches.delete(watch))
  }

  #tell(collection: string, type: string, object: KubernetesObject): void {
    for (const watch of this.#watches)
      if (watch.collection === collection) watch.response.write(eventLine(type, object))
  }
}

/** One that is closed after the test. */
export const startApiServer = async (): Promise<ApiServer> => {
  const server = new ApiServer()
  await server.listen()
  onTestFinished(() => server.close())
  return server
}

const pattern = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/

const placeOf = (path: string): Place => {
  const [, group = path, namespace, plural = '', name] = pattern.exec(path) ?? []
  return { collection: `${group}/${plural}`, namespace, name }
}

const send = (response: ServerResponse, body: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
