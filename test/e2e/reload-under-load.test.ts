import { expect, test } from 'vitest'
import { ask } from '../support/ask.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { startUpstream } from '../support/upstream.ts'
import { editedFile, editStyles } from './support/directories.ts'
import { startClient } from './support/keep-alive-client.ts'
import { startRelayProcess } from './support/relay-process.ts'
import { untouchedRoutes } from './support/untouched-routes.ts'
import { readAnswer, startEcho, versionedRoute } from './support/versioned-route.ts'

const close = closing()

const edits = 72
const editsBetweenLooks = 6

test.each(editStyles)(
  'edits %s fail no request, mix no two versions, and reset no breaker, bucket, slot or key',
  async style => {
    const dead = close(await startUpstream((_received, response) => response.writeHead(500).end()))
    const upstreams = { echoes: [close(await startEcho()), close(await startEcho())], dead } as const
    const untouched = close(await untouchedRoutes(dead))
    const version = (number: number): string =>
      [versionedRoute(number, upstreams), ...untouched.documents].join('\n---\n')
    const file = editedFile(style, version(0))
    const relay = await startRelayProcess(file.directory)
    await untouched.use({ port: relay.data })
    const first = { method: 'POST', path: '/orders', headers: { 'idempotency-key': 'first' }, body: '{}' }
    const remembered = await relay.ask(first)
    const clients = Array.from({ length: 4 }, () =>
      startClient({ port: relay.data, path: '/orders', body: '{"order": 1}' }),
    )

    const seenAfterMs: number[] = []
    for (let number = 1; number <= edits; number++) {
      file.write(version(number))
      // Between looks edits follow each other faster than they are read; only the last has to be seen.
      if (number % editsBetweenLooks !== 0) await new Promise(resolve => setTimeout(resolve, 3))
      else {
        const writtenAt = performance.now()
        await eventually(() => {
          for (const { answers } of clients) expect(readAnswer(answers.at(-1)!).version).toBe(number)
        })
        seenAfterMs.push(performance.now() - writtenAt)
        expect(await untouched.look()).toEqual([])
      }
    }
    await Promise.all(clients.map(client => client.stop()))

    const answers = clients.flatMap(client => client.answers)
    const read = answers.map(readAnswer)
    expect(clients.flatMap(client => client.errors)).toEqual([])
    expect(answers.filter((_answer, i) => read[i]!.version === -1)).toEqual([])
    expect(answers.length).toBeGreaterThan(edits)
    expect(read.filter(({ retried }) => retried).length).toBeGreaterThan(0)
    // A reload closes no caller's connection.
    expect(answers.filter(({ reused }) => !reused)).toHaveLength(clients.length)
    expect(seenAfterMs.sort((a, b) => a - b)[seenAfterMs.length >> 1]).toBeLessThan(1000)
    // Of the edited route as well: its breaker is as it was, and so are the answers it remembers.
    expect(read.filter(({ askedDead }) => askedDead).length).toBeLessThan(10)
    const replayed = await ask({ port: relay.data }, first)
    expect(replayed.header('idempotent-replayed')).toBe('true')
    expect(replayed.body).toEqual(remembered.body)
    expect(await untouched.release()).toBe(200)

    const metrics = await relay.metrics()
    expect(metrics).toMatch(/^fanout_config_reloads_total\{result="success"\} \d+$/m)
    expect(metrics).not.toMatch(/^fanout_config_reloads_total\{result="partial"\} [1-9]/m)
    expect(metrics).toMatch(/^fanout_routes\{state="active"\} 5$/m)
    expect(metrics).toMatch(/^fanout_defects_total 0$/m)
    const opened = /^fanout_circuit_breaker_transitions_total\{.*to="open"\} (\d+)$/gm
    expect([...metrics.matchAll(opened)].map(([, count]) => count)).toEqual(['1', '1'])
    // Connections to where no route leads any more are let go, and no caller needs more than one for each leg.
    await eventually(() => expect(upstreams.echoes[1].openSockets()).toBe(0))
    await eventually(() => expect(upstreams.echoes[0].openSockets()).toBeLessThanOrEqual(2 * clients.length))
  },
)
