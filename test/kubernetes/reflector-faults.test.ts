import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startFreezingProxy } from './support/freezing-proxy.ts'
import { type Followed, follow } from './support/harness.ts'
import { errorLine, startScriptedServer } from './support/scripted-server.ts'

/** Lets time pass until the reflector has what the server has. */
const caughtUp = ({ clock, state, serverState, server }: Followed, stepMs = 250): Promise<void> =>
  eventually(() => {
    clock.advance(stepMs)
    expect(state()).toBe(serverState())
    expect(server.watches.size).toBe(1)
  })

describe('a list', () => {
  test.each([
    [500, 'server_error'],
    [429, 'throttled'],
    [503, 'throttled'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [410, 'expired'],
  ] as const)('that fails with %i is made again', async (status, reason) => {
    const server = await startScriptedServer()
    server.put('orders')
    // A list that has expired is made anew twice within one attempt.
    for (let round = 0; round < (status === 410 ? 6 : 2); round++) server.fail('list', status)
    const followed = await follow({ server })
    await caughtUp(followed)
    expect(followed.figures.lists).toMatchObject({ [reason]: 2, success: 1 })
  })

  test('that fails with 401 is made again at once, and then slowly', async () => {
    const server = await startScriptedServer()
    server.token = 'another'
    const followed = await follow({ server })
    await eventually(() => expect(followed.figures.lists.unauthorized).toBe(1))
    expect(server.count('list')).toBe(2)
    followed.clock.advance(499)
    await wait(30)
    expect(server.count('list')).toBe(2)
    server.token = 'first'
    await caughtUp(followed)
  })

  test('waits as long as Retry-After says', async () => {
    const server = await startScriptedServer()
    server.fail('list', 429, { 'retry-after': '20' })
    const followed = await follow({ server })
    await eventually(() => expect(followed.figures.lists.throttled).toBe(1))
    followed.clock.advance(19_999)
    await wait(30)
    expect(server.count('list')).toBe(1)
    await caughtUp(followed)
  })

  test('starts over when its pages have expired, and is then made in one piece', async () => {
    const server = await startScriptedServer()
    for (let index = 0; index < 700; index++) server.put(`route-${index}`)
    let pages = 0
    const expire = (): void =>
      server.script('list', (_request, response, url) => {
        pages += 1
        if (!url.searchParams.has('continue')) server.list(response, url)
        else {
          response.writeHead(410)
          response.end('{"kind":"Status","code":410}')
        }
      })
    for (let round = 0; round < 4; round++) expire()
    const followed = await follow({ server })
    await caughtUp(followed)
    expect(pages).toBe(4)
    expect(server.requests.findLast(({ kind }) => kind === 'list')!.url.searchParams.get('limit')).toBeNull()
  })

  test('is given up after 15 s without an answer, with its connection', async () => {
    const server = await startScriptedServer()
    server.put('orders')
    server.script('list', () => {})
    const followed = await follow({ server })
    await eventually(() => expect(server.count('list')).toBe(1))
    followed.clock.advance(14_999)
    await wait(30)
    expect(server.sockets.size).toBe(1)
    followed.clock.advance(1)
    await caughtUp(followed)
    expect(followed.figures.lists.timeout).toBe(1)
    expect(server.connections).toBe(2)
  })

  test.each(['this is no JSON', '{"kind":"List"}', '{"metadata":{"resourceVersion":"1"},"items":[7]}'])(
    'that makes no sense is made again: %s',
    async body => {
      const server = await startScriptedServer()
      server.put('orders')
      server.script('list', (_request, response) => response.end(body))
      const followed = await follow({ server })
      await caughtUp(followed)
      expect(followed.figures.lists.invalid).toBe(1)
    },
  )
})

describe('a watch', () => {
  test.each([
    [500, 'server_error'],
    [429, 'throttled'],
    [503, 'throttled'],
    [403, 'forbidden'],
  ] as const)('that fails with %i goes on from where it was', async (status, reason) => {
    const followed = await follow()
    const { server } = followed
    await followed.watching()
    server.fail('watch', status)
    server.cutConnections()
    await eventually(() => expect(followed.figures.restarts.connection).toBe(1))
    server.put('orders')
    await caughtUp(followed)
    expect(followed.figures.restarts[reason]).toBe(1)
    expect(server.count('list')).toBe(1)
  })

  test.each(['status', 'stream'])('whose version has expired begins with a list: by %s', async way => {
    const followed = await follow()
    const { server, figures } = followed
    await followed.watching()
    server.put('before')
    await caughtUp(followed)
    if (way === 'status') server.fail('watch', 410)
    else server.script('watch', (_request, response) => response.end(errorLine(410)))
    server.cutConnections()
    // Compaction while nobody watches: the deletion is in no history any more.
    await eventually(() => expect(server.watches.size).toBe(0))
    server.delete('before')
    server.put('after')
    server.compact()
    await caughtUp(followed)
    expect(figures.restarts.expired).toBe(1)
    expect(server.count('list')).toBe(2)
  })

  test.each([500, 429])('that is ended by %i in the stream goes on', async code => {
    const followed = await follow()
    await followed.watching()
    followed.server.raw(errorLine(code))
    followed.server.endWatches()
    followed.server.put('orders')
    await caughtUp(followed)
    expect(followed.server.count('list')).toBe(1)
  })

  test('on a connection that only seems to be there is given up, and an edit is seen within 60 s', async () => {
    const server = await startScriptedServer()
    const proxy = await startFreezingProxy(server.port)
    const followed = await follow({ server, url: `http://127.0.0.1:${proxy.port}` })
    const { clock, figures } = followed
    await followed.watching()
    const editedAt = clock.now()
    proxy.freeze()
    server.put('orders')
    await eventually(() => {
      clock.advance(250)
      expect(figures.restarts.half_open).toBe(1)
    })
    // Slower: what now goes over real sockets takes as long on the clock as the machine takes.
    await eventually(() => {
      clock.advance(10)
      expect(followed.state()).toBe(followed.serverState())
    })
    expect(clock.now() - editedAt).toBeLessThan(60_000)
    expect(proxy.connections()).toBe(2)
    await followed.stop()
    await proxy.close()
  })

  test('that is long is given up when two bookmarks were missed', async () => {
    const followed = await follow({ watchSeconds: [240, 480] })
    const { clock, server, figures } = followed
    await followed.watching()
    expect(server.requests.at(-1)!.url.searchParams.get('timeoutSeconds')).toBe('360')
    clock.advance(100_000)
    server.bookmark()
    await eventually(() => expect(figures.staleSeconds).toBe(0))
    clock.advance(129_999)
    await wait(30)
    expect(figures.restarts.half_open).toBe(0)
    clock.advance(1)
    await eventually(() => expect(figures.restarts.half_open).toBe(1))
  })

  test('waits longer after each failure, up to 30 s, and begins anew after a success', async () => {
    const followed = await follow()
    const { server, clock, figures } = followed
    await followed.watching()
    const waits: number[] = []
    for (let round = 0; round < 9; round++) server.fail('watch', 500)
    server.cutConnections()
    await eventually(() => expect(figures.restarts.connection).toBe(1))
    /** How long nobody asked. Requests go over real sockets, so the clock runs on for a few steps more. */
    const waitForWatch = async (): Promise<number> => {
      let waited = 0
      const before = server.count('watch')
      while (server.count('watch') === before) {
        clock.advance(250)
        waited += 250
        await wait(5)
        if (waited > 200_000) throw new Error('never tried again')
      }
      return waited
    }
    for (let round = 1; round <= 9; round++) {
      waits.push(await waitForWatch())
      await eventually(() => expect(figures.restarts.server_error).toBe(round))
    }
    // The connection, then half of 0.5, 1, 2, 4, 8, 16, 30 s; without a bound the last would be of 64 s.
    expect(waits[0]).toBeLessThan(10_000)
    expect(waits[4]).toBeGreaterThanOrEqual(2_000)
    expect(waits[8]).toBeGreaterThanOrEqual(15_000)
    expect(waits[8]).toBeLessThanOrEqual(50_000)
    clock.advance(30_000)
    await followed.watching()
    server.put('orders')
    await caughtUp(followed)
    server.cutConnections()
    await eventually(() => expect(figures.restarts.connection).toBe(2))
    expect(await waitForWatch()).toBeLessThan(10_000)
  })
})

describe('a server that is away', () => {
  test('is asked until it is there, and what was known stays known when it goes', async () => {
    const server = await startScriptedServer()
    const { port } = server
    await server.close()
    const followed = await follow({ server, url: `http://127.0.0.1:${port}` })
    await eventually(() => expect(followed.figures.lists.connection).toBe(1))
    expect(followed.reflector.synced).toBe(false)
    await server.listen(port)
    server.put('orders')
    await caughtUp(followed)
    await server.close()
    await eventually(() => expect(followed.figures.isConnected).toBe(false))
    followed.clock.advance(3_600_000)
    expect(followed.reflector.objects.size).toBe(1)
    expect(followed.figures.staleSeconds).toBeGreaterThan(3_599)
    await server.listen(port)
    server.delete('orders')
    server.compact()
    await caughtUp(followed, 5_000)
  })

  test.each([
    ['has no rights yet', 403, { watch: 3, list: 0 }],
    // Each is asked for once more at once.
    ['does not know anybody yet', 401, { watch: 6, list: 0 }],
    ['does not know the resource yet', 404, { watch: 1, list: 2 }],
    ['is busy', 503, { watch: 3, list: 0 }],
  ])('for a minute is followed again within seconds, even when it %s', async (_, status, refusals) => {
    const followed = await follow()
    const { server, clock } = followed
    await followed.watching()
    const { port } = server
    await server.close()
    const goneAt = clock.now()
    while (clock.now() - goneAt < 60_000) {
      clock.advance(100)
      await wait(1)
    }
    for (const kind of ['watch', 'list'] as const)
      for (let round = 0; round < refusals[kind]; round++) server.fail(kind, status)
    await server.listen(port)
    server.put('orders')
    const backAt = clock.now()
    // In small steps: what goes over real sockets takes as long on the clock as the machine takes.
    await caughtUp(followed, 10)
    expect(clock.now() - backAt).toBeLessThan(7_000)
  })

  test('is not asked more often than every few seconds', async () => {
    const followed = await follow()
    const { server, clock, figures } = followed
    await followed.watching()
    await server.close()
    const goneAt = clock.now()
    while (clock.now() - goneAt < 120_000) {
      clock.advance(100)
      await wait(1)
    }
    // Half of 0.5, 1, 2, 4 and then 5 s each.
    expect(figures.restarts.connection).toBeLessThan(55)
  })

  test('does not hold up a stop: neither a list nor a connect in flight', async () => {
    const server = await startScriptedServer()
    server.script('list', () => {})
    const followed = await follow({ server })
    await eventually(() => expect(server.count('list')).toBe(1))
    const startedAt = performance.now()
    await followed.stop()
    // 192.0.2.0/24 is for documentation: nobody answers.
    const dark = await follow({ url: 'https://192.0.2.1:6443' })
    await wait(20)
    await dark.stop()
    // The clock stands still, so that neither would ever end by itself.
    expect(performance.now() - startedAt).toBeLessThan(20_000)
    expect(dark.clock.armed).toBe(0)
  })

  test('is not heard any more after a stop', async () => {
    const followed = await follow()
    const { server, changes } = followed
    await followed.watching()
    const late = [...server.watches][0]!.response
    const told = changes.length
    server.put('orders')
    await followed.stop()
    const heard = changes.length
    late.write('late')
    await wait(20)
    expect(changes.length).toBe(heard)
    expect(heard - told).toBeLessThanOrEqual(1)
  })
})

describe('the log of a refusal', () => {
  const linesOf = () => {
    const lines: { readonly level: string; readonly text: string; readonly fix: unknown }[] = []
    const at =
      (level: string) =>
      (fields: object, text: string): void => {
        lines.push({ level, text, fix: (fields as { readonly fix?: unknown }).fix })
      }
    return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
  }
  const refuse = (server: Followed['server'], status: number, times: number): void => {
    for (let round = 0; round < times; round++) server.fail('watch', status)
  }

  test('is a warning while an API server that has just begun may still say it, and says when it passed', async () => {
    const { lines, logger } = linesOf()
    const followed = await follow({ logger })
    await followed.watching()
    refuse(followed.server, 403, 3)
    followed.server.cutConnections()
    await eventually(() => expect(followed.figures.restarts.connection).toBe(1))
    await caughtUp(followed)
    const told = lines.filter(({ level }) => level !== 'debug')
    expect(told.map(({ level }) => level)).toEqual(['warn', 'warn', 'info'])
    expect(told.map(({ fix }) => fix)).toEqual([undefined, undefined, undefined])
  })

  test('is an error with what to do once the quick tries are used up', async () => {
    const { lines, logger } = linesOf()
    const followed = await follow({ logger })
    await followed.watching()
    refuse(followed.server, 403, 7)
    followed.server.cutConnections()
    await eventually(() => expect(followed.figures.restarts.connection).toBe(1))
    await caughtUp(followed)
    expect(followed.figures.restarts.forbidden).toBe(7)
    const told = lines.filter(({ level }) => level !== 'debug')
    expect(told.map(({ level }) => level)).toEqual(['warn', 'warn', 'error', 'info'])
    expect(told[2]?.fix).toBe('grant get, list and watch on the resource to this ServiceAccount')
  })

  test('is an error at once where nothing was ever allowed', async () => {
    const { lines, logger } = linesOf()
    const server = await startScriptedServer()
    server.fail('list', 403)
    const followed = await follow({ server, logger })
    await eventually(() => expect(followed.figures.lists.forbidden).toBe(1))
    expect(lines.map(({ level }) => level)).toEqual(['error'])
  })
})
