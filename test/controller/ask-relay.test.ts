import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createAskRelay } from '../../src/controller/ask-relay.ts'

const servers: Server[] = []
/** A machine that is busy must not make an answer late. */
const patient = createAskRelay({ deadlineMs: 30_000 })
const hasty = createAskRelay({ deadlineMs: 300 })
const ask = async (handler: RequestListener, asker = patient) => {
  const server = createServer(handler).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return askPort((server.address() as AddressInfo).port, asker)
}
const askPort = (port: number, asker = patient) =>
  asker.ask({
    uid: 'a',
    namespace: 'shop',
    pod: 'a',
    ip: '127.0.0.1',
    port,
    labels: {},
    workload: { kind: 'Pod', name: 'a' },
  })

describe('asking a relay', () => {
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close()
      server.closeAllConnections()
    }
  })

  it('believes it about routes of its own namespace, and whole numbers', async () => {
    const paths: unknown[] = []
    const generations = await ask((request, response) => {
      paths.push(request.method, request.url)
      response.end('{"routes": {"shop/orders": 4, "sales/orders": 9, "shop/odd": "4", "shop/half": 1.5}}')
    })
    expect([...generations]).toEqual([['shop/orders', 4]])
    expect(paths).toEqual(['GET', '/routes'])
  })

  const unusable: readonly (readonly [what: string, why: RegExp, RequestListener])[] = [
    ['a relay without /routes', /^status 404$/, (_, response) => response.writeHead(404).end('not found')],
    [
      'a redirect',
      /^status 302$/,
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    ],
    ['what is not JSON', /is not valid JSON/, (_, response) => response.end('<html>')],
    ['JSON of another kind', /^no routes in the answer$/, (_, response) => response.end('null')],
    [
      'an answer that is cut short',
      /^(cut short|aborted)$/,
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"routes": {}}')
        setImmediate(() => response.destroy())
      },
    ],
    [
      'an answer that is too large',
      /^more than 1048576 bytes$/,
      (_, response) => response.end(`"${'a'.repeat(1024 * 1024)}"`),
    ],
  ]
  it.each(unusable)('takes %s for none: %s', async (_what, why, handler) => {
    await expect(ask(handler)).rejects.toThrow(why)
  })

  const endless: readonly (readonly [what: string, RequestListener])[] = [
    ['no answer', () => {}],
    ['an answer without end', (_, response) => void response.write('{"routes":')],
  ]
  it.each(endless)('waits for %s no longer than it is told', async (_what, handler) => {
    await expect(ask(handler, hasty)).rejects.toThrow('no answer in 300 ms')
  })

  it('takes a closed port for none', async () => {
    await expect(askPort(1)).rejects.toThrow()
  })
})
