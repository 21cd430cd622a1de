import { expect, test } from 'vitest'
import { ask } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { exchangeRaw } from '../support/raw-client.ts'
import { startRawUpstream, startUpstream, unusedPort } from '../support/upstream.ts'
import { directoryWith } from './support/directories.ts'
import { startRelayProcess } from './support/relay-process.ts'
import { routeYaml } from './support/routes.ts'

const close = closing()
const canary = 'c4n4ry'

const adminPaths = [
  '/',
  '/api/v1/overview',
  '/api/v1/routes',
  '/api/v1/routes/default/works',
  '/api/v1/upstreams',
  '/api/v1/failures',
  '/api/v1/config',
  '/api/v1/version',
]

test('what callers, upstreams and routes may keep secret is in no log, metric or admin answer', async () => {
  const works = close(
    await startUpstream((_received, response) => {
      response.writeHead(200, { 'set-cookie': `session=${canary}`, 'content-type': 'application/json' })
      response.end(`{"token":"${canary}"}`)
    }),
  )
  const fails = close(
    await startUpstream((_received, response) => {
      response.writeHead(500, { 'x-secret': canary })
      response.end(canary)
    }),
  )
  const babbles = close(
    await startRawUpstream(
      socket => void socket.end(`HTTP/1.1 200 OK\r\nx-secret ${canary}\r\n\r\n${canary}`),
    ),
  )
  const stopsShort = close(
    await startRawUpstream(
      socket =>
        void socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 99\r\nx-secret: ${canary}\r\n\r\n${canary}`),
    ),
  )
  const refuses = `http://127.0.0.1:${await unusedPort()}`
  const to = { works: works.url, fails: fails.url, babbles: babbles.url, short: stopsShort.url, refuses }
  const files = Object.entries(to).map(([name, url]) => [
    `${name}.yaml`,
    routeYaml(name, {
      matches: [{ path: { value: `/${name}` } }],
      limits: { maxBodySize: '1k' },
      upstreams: [
        {
          name: 'own',
          url: `${url}?api_key=${canary}`,
          request: { headers: { set: [{ name: 'x-key', value: canary }] } },
        },
        { name: 'copy', role: 'Shadow', url },
      ],
    }),
  ])
  const bad = {
    'backends.yaml': `a: http://user:${canary}@h:99999\nb: http://h/?${canary}\nc: http://user:${canary}@h\n`,
    'bad.yaml': routeYaml('bad', {
      upstreams: [
        { name: 'one', url: `http://user:${canary}@h` },
        { name: 'two', url: `http://h/?${canary} x` },
        {
          name: 'three',
          url: 'http://h',
          request: { headers: { set: [{ name: 'x', value: `${canary}\n` }] } },
        },
        { name: 'four', url: 'http://h', request: { headers: { set: { authorization: canary } } } },
      ],
    }),
  }
  const relay = await startRelayProcess(directoryWith({ ...Object.fromEntries(files), ...bad }), {
    args: ['--access-log', 'all', '--log-level', 'debug'],
  })

  const headers = { authorization: `Bearer ${canary}`, cookie: `session=${canary}`, 'x-api-key': canary }
  const body = JSON.stringify({ password: canary })
  const secret = { method: 'POST', headers, body }
  for (const name of [...Object.keys(to), 'nowhere']) {
    await relay.ask({ ...secret, path: `/${name}?token=${canary}` })
    await relay.ask({ ...secret, path: `/${name}`, body: canary.repeat(1000) })
    await relay.ask({ ...secret, path: `/${name}`, headers: { ...headers, connection: 'authorization' } })
    await exchangeRaw(relay.data, `POST /${name} HTTP/1.1\r\nHost: a\r\nx-a b: ${canary}\r\n\r\n`)
    await exchangeRaw(relay.data, `POST /${name} HTTP/1.1\r\nHost: a\r\nContent-Length: ${canary}\r\n\r\n`)
  }
  const shown = [await relay.metrics()]
  for (const path of adminPaths) {
    const { status, body } = await ask({ port: relay.admin }, { path, headers: { host: 'localhost' } })
    expect(status).toBe(200)
    shown.push(body.toString())
  }
  relay.child.kill('SIGTERM')
  await relay.line('stopping')
  relay.child.kill('SIGTERM')
  await relay.exit

  // The requests did go through, and the places do show them.
  expect(works.received[0]!.url).toContain(canary)
  expect(relay.log().filter(({ msg }) => msg === 'request').length).toBeGreaterThan(15)
  const { stdout, stderr } = relay.output()
  expect(shown.join('')).toContain('default/works')
  expect(relay.log().filter(({ code }) => code === 'FR0044')).toHaveLength(3)
  expect(relay.log().filter(({ route }) => route === 'default/bad').length).toBeGreaterThan(3)
  for (const text of [stdout, stderr, ...shown]) expect(text).not.toContain(canary)
})
