import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { type Dispatcher, Pool } from 'undici'
import { capture } from './floor/capture.ts'
import { AnswerHandler, DropHandler, JoinHandler } from './floor/handlers.ts'
import { splitBody } from './floor/split-body.ts'
import { readJob } from './job.ts'

/**
 * The bare floor: what the work itself costs on Node with undici's dispatch and no feature at all. No
 * deadline, no metric, no error report. Nothing built on these two can be cheaper; a relay is measured by how
 * little it adds.
 */
const job = readJob()
const primary = new Pool(job.primary)
const secondary = new Pool(job.secondary)
const captureLimit = 2 ** 20
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'host',
])

createServer({ keepAliveTimeout: 3_600_000 }, (incoming, outgoing) => {
  const length = Number(incoming.headers['content-length'] ?? 0)
  if (length > captureLimit || incoming.headers['transfer-encoding']) {
    const [first, second] = splitBody(incoming, job.mode)
    relay(incoming, outgoing, first, second)
  } else if (length > 0) {
    capture(incoming, length, body => relay(incoming, outgoing, body, body))
  } else {
    relay(incoming, outgoing, null, null)
  }
}).listen({ port: job.port, host: '127.0.0.1', backlog: 4096 })

type Body = Buffer | Readable | null

function relay(incoming: IncomingMessage, outgoing: ServerResponse, first: Body, second: Body): void {
  const options = {
    method: incoming.method as Dispatcher.HttpMethod,
    path: incoming.url ?? '/',
    headers: forwarded(incoming.rawHeaders),
  }
  if (job.mode === 'aggregate') {
    const join = new JoinHandler(outgoing)
    primary.dispatch({ ...options, body: first }, join.leg(0))
    secondary.dispatch({ ...options, body: second }, join.leg(1))
    return
  }
  primary.dispatch({ ...options, body: first }, new AnswerHandler(outgoing))
  if (job.mode === 'shadow') secondary.dispatch({ ...options, body: second }, new DropHandler())
}

/** One flat array serves both legs: neither changes anything. */
function forwarded(rawHeaders: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (!hopByHop.has(name.toLowerCase())) kept.push(name, rawHeaders[index + 1]!)
  }
  return kept
}
