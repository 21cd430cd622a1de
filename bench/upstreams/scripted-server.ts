import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The scripted upstreams' process: one server per behaviour named in the first argument. */
const behaviours = JSON.parse(process.argv[2] ?? '[]') as string[]
const ports = await Promise.all(behaviours.map(listen))
process.on('disconnect', () => process.exit(0))
process.send?.(ports)

async function listen(behaviour: string): Promise<number> {
  const server = createServer({ keepAliveTimeout: 3_600_000, requestTimeout: 0 }, behave(behaviour))
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function behave(behaviour: string): RequestListener {
  const [kind, amount] = behaviour.split(':')
  switch (kind) {
    case 'fast':
      return (request, response) => afterBody(request, () => answer(response))
    case 'counting':
      return counting()
    case 'late':
      return (request, response) => afterBody(request, () => setTimeout(answer, Number(amount), response))
    case 'hung':
      return request => request.resume()
    case 'reading':
      return (request, response) =>
        readSlowly(request, Number(amount)).then(
          () => answer(response),
          () => {},
        )
    default:
      throw new Error(`no such behaviour: ${behaviour}`)
  }
}

/** Counts what is posted to it, and tells on GET /received. */
function counting(): RequestListener {
  const received = { requests: 0, bytes: 0 }
  return (request, response) => {
    if (request.url === '/received') {
      response.end(JSON.stringify(received))
      return
    }
    if (request.method === 'POST') received.requests += 1
    request.on('data', (chunk: Buffer) => {
      received.bytes += chunk.length
    })
    afterBody(request, () => answer(response))
  }
}

function afterBody(request: IncomingMessage, then: () => void): void {
  request.resume()
  request.on('end', then)
}

async function readSlowly(request: IncomingMessage, bytesPerSecond: number): Promise<void> {
  const begin = performance.now()
  let read = 0
  for await (const chunk of request) {
    read += (chunk as Buffer).length
    const due = begin + (read / bytesPerSecond) * 1000
    if (due > performance.now()) await sleep(due - performance.now())
  }
}

function answer(response: ServerResponse): void {
  const body = '{"ok":true,"id":"a81bc81b","note":"a small JSON answer"}'
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
}
