import { expect, test } from 'vitest'
import { ask, json } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startRelay } from '../support/relay.ts'
import { startStreamingUpstream } from '../support/upstream.ts'
import { type Flood, flood } from './flood.ts'

const open = closing()

test('a collected answer beyond maxBodySize is cut at the upstream, not downloaded to its end', async () => {
  const bodies: Flood[] = []
  const a = open(
    await startStreamingUpstream((_request, response) => bodies.push(flood(response.writeHead(200)))),
  )
  const spec = {
    limits: { maxBodySize: '1Ki' },
    response: { success: 'All' },
    upstreams: [{ name: 'a', url: a.url }],
  }
  const relay = open(await startRelay({ r: spec }))
  expect(json(await ask(relay)).results.a.error).toBe('body_too_large')
  await eventually(() => expect(a.openSockets()).toBe(0))
  expect(bodies.map(({ sent }) => sent() < 20_000_000)).toEqual([true])
})
