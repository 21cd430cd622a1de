import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import { makeCertificate } from '../support/certificate.ts'
import { closing } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { type Redis, startRedis } from '../support/redis.ts'
import { hasTool } from '../support/tool.ts'
import { type Share, share } from './share.ts'
import { type Serve, startTcpStore } from './tcp-store.ts'

/** Those that docs/rate-limits.md names: each is needed, and no other. */
const documentedRights = ['~fanout:limit:*', '+evalsha', '+eval', '+time', '+get', '+set', '+del']

const keep = closing()
const join = (url: string): Share => keep(share(url, { askTimeoutMs: 5_000 }))

/** Of a store that cannot be used: one line, whatever is tried again behind it. */
const onlyLine = async (relay: Share): Promise<Readonly<Record<string, unknown>>> => {
  await relay.reaches('down')
  expect(relay.limit.reserve(0)).toBe(relay.localAnswer)
  expect(relay.lines).toHaveLength(1)
  expect(relay.lines[0]!.level).toBe('warn')
  expect(JSON.stringify(relay.lines)).not.toContain('secret')
  return relay.lines[0]!.fields
}

const startServer = async (serve: Serve) => {
  const store = keep(await startTcpStore(serve))
  return { ...store, url: store.url.replace('//', '//:secret@') }
}

describe('a store that is no store', () => {
  test('that is not there is told once, though it is tried again', async () => {
    const { url, close } = await startServer(socket => socket.resume())
    close()
    const relay = join(url)
    expect(await onlyLine(relay)).toMatchObject({ reason: expect.stringContaining('ECONNREFUSED') })
  })

  test('that accepts and never answers blocks nobody, and its connection is closed', async () => {
    const { url, sockets } = await startServer(socket => socket.resume())
    const relay = join(url)
    expect(relay.limit.reserve(0)).toBe(relay.localAnswer)
    expect(await onlyLine(relay)).toMatchObject({ reason: 'no connection within 2000 ms' })
    await eventually(() => expect(sockets[0]!.destroyed).toBe(true))
    await eventually(() => expect(sockets.length).toBeGreaterThan(1))
    expect(relay.lines).toHaveLength(1)
  })

  test('that hangs up is told with what may be wrong', async () => {
    const { url, sockets } = await startServer(socket => socket.destroy())
    const relay = join(url)
    expect(await onlyLine(relay)).toMatchObject({ hint: expect.stringContaining('rediss://') })
    await eventually(() => expect(sockets.length).toBeGreaterThan(1))
    expect(relay.lines).toHaveLength(1)
  })

  test('that speaks another protocol is away', async () => {
    const { url } = await startServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await onlyLine(join(url))
  })

  test('that is closed while it is being connected leaves no connection behind', async () => {
    const { url, sockets } = await startServer(socket => socket.resume())
    const relay = join(url)
    await eventually(() => expect(sockets).toHaveLength(1))
    relay.close()
    await eventually(() => expect(sockets[0]!.destroyed).toBe(true))
    expect(relay.states).toEqual([])
  })
})

describe.runIf(hasTool('redis-server'))('a store with rights', () => {
  const directory = mkdtempSync(joinPath(tmpdir(), 'fanout-store-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const start = async (options: Parameters<typeof startRedis>[0]): Promise<Redis> =>
    keep(await startRedis(options))

  test('is told once when it refuses the password', async () => {
    const redis = await start({ args: ['--requirepass', 'right'], cliArgs: ['-a', 'right'] })
    const relay = join(redis.url.replace('//', '//:secret@'))
    expect(await onlyLine(relay)).toMatchObject({
      store: `${redis.url}/0`,
      reason: expect.stringContaining('WRONGPASS'),
      hint: expect.stringContaining('password'),
    })
  })

  test('is told when it wants a password and there is none', async () => {
    const redis = await start({ args: ['--requirepass', 'right'], cliArgs: ['-a', 'right'] })
    expect(await onlyLine(join(redis.url))).toMatchObject({ reason: expect.stringContaining('NOAUTH') })
  })

  test('needs to allow no more than the documented user may', async () => {
    const redis = await start({})
    redis.command('ACL', 'SETUSER', 'fanout', 'on', '>secret', ...documentedRights)
    const relay = join(redis.url.replace('//', '//fanout:secret@'))
    await relay.reaches('up')
    redis.command('SCRIPT', 'FLUSH')
    expect(await relay.limit.reserve(0)).toBe(0)
    relay.limit.giveBack()
    expect(await relay.limit.reserve(0)).toBe(0)
    expect(relay.fallbacks).toBe(0)
  })

  test.each(documentedRights.map(right => [right]))('is told when the user lacks %s', async right => {
    const redis = await start({})
    const rights = documentedRights.filter(other => other !== right)
    redis.command('ACL', 'SETUSER', 'fanout', 'on', '>secret', ...rights)
    const relay = join(redis.url.replace('//', '//fanout:secret@'))
    expect(await onlyLine(relay)).toMatchObject({ hint: expect.stringContaining('docs/rate-limits.md') })
  })

  test('is told once when its certificate is not trusted, and used when it is', async () => {
    const { cert, key } = makeCertificate({ name: 'store', ip: [127, 0, 0, 1], isAuthority: true })
    const tls = { cert: joinPath(directory, 'store.crt'), key: joinPath(directory, 'store.key') }
    writeFileSync(tls.cert, cert)
    writeFileSync(tls.key, key)
    const redis = await start({ tls })
    expect(await onlyLine(join(redis.url))).toMatchObject({
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    })
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, cert])
    try {
      const relay = join(redis.url)
      await relay.reaches('up')
      expect(await relay.limit.reserve(0)).toBe(0)
    } finally {
      setDefaultCACertificates(before)
    }
    expect(await onlyLine(join(redis.url.replace('rediss', 'redis')))).toMatchObject({
      hint: expect.stringContaining('rediss://'),
    })
  })

  test('is told when it does not speak TLS', async () => {
    const redis = await start({})
    expect(await onlyLine(join(redis.url.replace('redis', 'rediss')))).toMatchObject({
      hint: expect.stringContaining('TLS'),
    })
  })
})
