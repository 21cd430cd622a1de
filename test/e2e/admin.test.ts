import { expect, test } from 'vitest'
import { type Ask, ask, json } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { startUpstream } from '../support/upstream.ts'
import { directoryWith } from './support/directories.ts'
import { startRelayProcess } from './support/relay-process.ts'
import { oneUpstream } from './support/routes.ts'

const close = closing()

test('the admin API of a running relay answers JSON, to its own names only, and only reads', async () => {
  const upstream = close(await startUpstream((_received, response) => response.writeHead(500).end()))
  const relay = await startRelayProcess(directoryWith({ 'a.yaml': oneUpstream('a', upstream.url) }))
  await relay.ask({ path: '/a' })
  const admin = (path: string, more: Ask = {}) =>
    ask(
      { port: relay.admin },
      { path, ...more, headers: { host: `localhost:${relay.admin}`, ...more.headers } },
    )

  const { endpoints } = json(await admin('/')) as { endpoints: readonly string[] }
  expect(endpoints).toHaveLength(7)
  for (const path of endpoints.map(path => path.replace('{namespace}/{name}', 'default/a'))) {
    const answer = await admin(path)
    expect([path, answer.status, answer.header('content-type')]).toEqual([path, 200, 'application/json'])
    expect(json(answer)).toBeTypeOf('object')
    const posted = await admin(path, { method: 'POST', body: '{}' })
    expect([posted.status, posted.header('allow')]).toEqual([405, 'GET, HEAD'])
    const rebound = await admin(path, { headers: { host: 'attacker.example' } })
    expect([rebound.status, json(rebound).code]).toEqual([421, 'host_not_allowed'])
  }
  for (const host of ['127.0.0.1', '[::1]:1', 'LOCALHOST'])
    expect((await admin('/api/v1/version', { headers: { host } })).status).toBe(200)

  expect(json(await admin('/api/v1/failures'))).toMatchObject({ failures: [{ route: 'default/a' }] })
  expect(json(await admin('/api/v1/overview'))).toMatchObject({
    routes: { active: 1 },
    requests: { total: 1 },
  })
  expect(json(await admin('/api/v1/upstreams'))).toMatchObject({ upstreams: [{ route: 'default/a' }] })
  const missing = await admin('/api/v1/routes/default/none')
  expect([missing.status, missing.header('content-type')]).toEqual([404, 'application/problem+json'])
})
