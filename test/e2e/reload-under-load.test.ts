import { expect, test } from 'vitest'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { editedFile, editStyles } from './support/directories.ts'
import { type Client, startClient } from './support/keep-alive-client.ts'
import { startRelayProcess } from './support/relay-process.ts'
import { routeYaml } from './support/routes.ts'

const close = closing()

const edits = 72
const editsBetweenLooks = 6

/**
 * Every part of an answer says of which version it is: both legs' paths and headers, and the status. Versions
 * go to two servers in turn, so that each edit lets go of connections in use.
 */
const version = (number: number, servers: readonly Upstream[]): string =>
  routeYaml('orders', {
    matches: [{ method: 'POST', path: { value: '/orders' } }],
    upstreams: ['left', 'right'].map(name => ({
      name,
      url: `${servers[number % 2]!.url}/version/${number}`,
      request: { headers: { set: [{ name: 'x-version', value: String(number) }] } },
    })),
    response: { statuses: { success: statusOf(number) } },
  })

const statusOf = (number: number): number => 210 + (number % 80)

interface Echo {
  readonly path: string
  readonly header: string
}

/** The version of an answer; -1 when it is of two versions, or no whole answer. */
const versionOf = ({ status, body }: Client['answers'][number]): number => {
  const { status: whole, results } = JSON.parse(body)
  if (whole !== 'success') return -1
  const { left, right } = results as Record<string, { body: Echo }>
  const number = Number(left!.body.header)
  const same = [left!, right!].every(
    ({ body }) => body.path === `/version/${number}` && body.header === String(number),
  )
  return same && status === statusOf(number) ? number : -1
}

test.each(editStyles)('edits %s fail no request, and no answer is of two versions', async style => {
  const echo = () =>
    startUpstream(({ url, header }, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ path: url, header: header('x-version') }))
    })
  const servers = [close(await echo()), close(await echo())] as const
  const file = editedFile(style, version(0, servers))
  const relay = await startRelayProcess(file.directory)
  const clients = Array.from({ length: 4 }, () => startClient(relay.data, '/orders', '{"order": 1}'))

  const seenAfterMs: number[] = []
  for (let number = 1; number <= edits; number++) {
    file.write(version(number, servers))
    // Between looks edits follow each other faster than they are read; only the last has to be seen.
    if (number % editsBetweenLooks !== 0) await new Promise(resolve => setTimeout(resolve, 3))
    else {
      const writtenAt = performance.now()
      await eventually(() => {
        for (const { answers } of clients) expect(versionOf(answers.at(-1)!)).toBe(number)
      })
      seenAfterMs.push(performance.now() - writtenAt)
    }
  }
  await Promise.all(clients.map(client => client.stop()))

  const answers = clients.flatMap(client => client.answers)
  expect(clients.flatMap(client => client.errors)).toEqual([])
  expect(answers.filter(answer => versionOf(answer) === -1)).toEqual([])
  expect(answers.length).toBeGreaterThan(edits)
  // A reload closes no caller's connection.
  expect(answers.filter(({ reused }) => !reused)).toHaveLength(clients.length)
  expect(seenAfterMs.sort((a, b) => a - b)[seenAfterMs.length >> 1]).toBeLessThan(1000)

  const metrics = await relay.metrics()
  expect(metrics).toMatch(/^fanout_config_reloads_total\{result="success"\} \d+$/m)
  expect(metrics).not.toMatch(/^fanout_config_reloads_total\{result="partial"\} [1-9]/m)
  expect(metrics).toMatch(/^fanout_routes\{state="active"\} 1$/m)
  expect(metrics).toMatch(/^fanout_defects_total 0$/m)
  // Connections to where no route leads any more are let go, and no caller needs more than one for each leg.
  await eventually(() => expect(servers[1].openSockets()).toBe(0))
  await eventually(() => expect(servers[0].openSockets()).toBeLessThanOrEqual(2 * clients.length))
})
