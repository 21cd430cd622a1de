import { describe, expect, test } from 'vitest'
import type { Io } from '../../src/cli/io.ts'
import { parseOptions } from '../../src/cli/parse-options.ts'
import { relayConfig, relayOptions } from '../../src/cli/relay-options.ts'
import { UsageError } from '../../src/cli/usage-error.ts'
import { container } from './fixtures.ts'

const source = () => ({ run: async () => {} })

const configOf = (args: readonly string[], machine = container, env: Io['env'] = {}) =>
  relayConfig(parseOptions('run', relayOptions, args, { env, machine }), source, machine)

test('the defaults keep data and admin on loopback and telemetry on every address', () => {
  expect(configOf([])).toEqual({
    listen: [
      { host: '127.0.0.1', port: 4780 },
      { host: '::1', port: 4780 },
    ],
    admin: [
      { host: '127.0.0.1', port: 4781 },
      { host: '::1', port: 4781 },
    ],
    telemetry: [{ host: '::', port: 4782 }],
    logs: { level: 'info', format: 'json', colour: false },
    accessLog: 'errors',
    drainDelayMs: 5000,
    shutdownTimeoutMs: 25_000,
    maxInFlight: 10_000,
    maxDelayMs: 100,
    rateLimitStore: undefined,
    maxBufferedBytes: 256 * 1024 * 1024,
    settings: {
      listen: '127.0.0.1:4780,[::1]:4780',
      admin: '127.0.0.1:4781,[::1]:4781',
      telemetry: '[::]:4782',
      'log-level': 'info',
      'log-format': 'auto',
      'access-log': 'errors',
      'drain-delay': '5s',
      'shutdown-timeout': '25s',
      'max-in-flight': '10000',
      'max-delay': '100ms',
      'rate-limit-store': '',
      'max-buffered': '256Mi',
    },
    source,
  })
})

test('in a container with little memory fewer bytes of bodies are held', () => {
  const { maxBufferedBytes } = configOf([], { ...container, memoryLimit: 256 * 1024 * 1024 })
  expect(maxBufferedBytes).toBe(64 * 1024 * 1024)
})

test('a machine without IPv6 listens on IPv4 alone', () => {
  const { listen, telemetry } = configOf([], { ...container, loopback: ['127.0.0.1'], any: '0.0.0.0' })
  expect(listen).toEqual([{ host: '127.0.0.1', port: 4780 }])
  expect(telemetry).toEqual([{ host: '0.0.0.0', port: 4782 }])
})

test('a person at a terminal gets pretty lines, colours and no delay', () => {
  const { logs, drainDelayMs } = configOf([], { ...container, terminal: true, colour: true })
  expect([logs, drainDelayMs]).toEqual([{ level: 'info', format: 'pretty', colour: true }, 0])
})

describe('--listen', () => {
  test.each([
    ['0.0.0.0:80', [{ host: '0.0.0.0', port: 80 }]],
    ['localhost:1', [{ host: 'localhost', port: 1 }]],
    ['[::1]:65535', [{ host: '::1', port: 65535 }]],
    ['127.0.0.1:0', [{ host: '127.0.0.1', port: 0 }]],
    [
      '10.0.0.1:1, [fe80::1]:2',
      [
        { host: '10.0.0.1', port: 1 },
        { host: 'fe80::1', port: 2 },
      ],
    ],
    [
      '8080',
      [
        { host: '127.0.0.1', port: 8080 },
        { host: '::1', port: 8080 },
      ],
    ],
    [
      ':8080',
      [
        { host: '127.0.0.1', port: 8080 },
        { host: '::1', port: 8080 },
      ],
    ],
    ['0', [{ host: '127.0.0.1', port: 0 }]],
  ])('takes %s', (given, expected) => {
    expect(configOf(['--listen', given]).listen).toEqual(expected)
  })

  test.each([
    ['localhost', /HOST:PORT/, /127\.0\.0\.1:4780/],
    ['', /HOST:PORT/, /127\.0\.0\.1:4780/],
    ['a:65536', /from 0 to 65535/, /127\.0\.0\.1:4780/],
    ['a:b', /HOST:PORT/, /127\.0\.0\.1:4780/],
    ['127.0.0.1', /HOST:PORT/, /add a port: 127\.0\.0\.1:4780/],
    ['::1', /HOST:PORT/, /add a port: \[::1\]:4780/],
    ['2001:db8:1:2:3:4:5:6:4780', /HOST:PORT/, /brackets/],
    ['[localhost]:1', /HOST:PORT/, /127\.0\.0\.1:4780/],
    ['http://localhost:4780', /HOST:PORT/, /leave the scheme out/],
  ])('refuses "%s"', (given, why, fix) => {
    try {
      configOf([`--listen=${given}`])
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError)
      expect(error).toMatchObject({ why: expect.stringMatching(why), fix: expect.stringMatching(fix) })
    }
  })
})

test.each([
  ['-3', 'it must be a whole number of at least 1'],
  ['0', 'it must be a whole number of at least 1'],
  ['many', 'it must be a whole number of at least 1'],
  ['1000001', 'it must be a whole number of at most 1000000'],
])('--max-in-flight %s says what it must be', (given, why) => {
  try {
    configOf(['--max-in-flight', given])
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({
      message: `--max-in-flight cannot be "${given}"`,
      why,
      fix: 'write --max-in-flight 10000',
    })
  }
})

test.each([
  ['--max-in-flight', '0'],
  ['--max-in-flight', '1.5'],
  ['--max-in-flight', '1000001'],
  ['--max-buffered', '0'],
  ['--max-buffered', '1MB'],
  ['--shutdown-timeout', '25'],
  ['--drain-delay', '1d'],
  ['--log-level', 'verbose'],
  ['--log-format', 'xml'],
  ['--access-log', 'some'],
])('%s %s is refused', (option, value) => {
  expect(() => configOf([option, value])).toThrow(`${option} cannot be "${value}"`)
})

test.each([
  ['redis://user:pa55word@cache:6379/0', 'redis://user:pa55word@cache:6379/0'],
  ['rediss://cache', 'rediss://cache'],
])('--rate-limit-store takes %s', (given, expected) => {
  expect(configOf(['--rate-limit-store', given]).rateLimitStore).toBe(expected)
})

test.each(['http://user:pa55word@cache', 'cache:6379', 'redis://user:pa55word@cache/queue'])(
  '--rate-limit-store refuses %s without repeating its password',
  given => {
    try {
      configOf(['--rate-limit-store', given])
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError)
      const { message, why, fix } = error as UsageError
      expect(why).toMatch('redis://HOST:6379')
      expect(`${message} ${why} ${fix}`).not.toContain('pa55word')
    }
  },
)

test('--rate-limit-store, wrong in the environment, is to be mended there', () => {
  try {
    configOf([], container, { FANOUT_RATE_LIMIT_STORE: 'cache:6379' })
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ fix: 'write FANOUT_RATE_LIMIT_STORE=redis://HOST:6379' })
  }
})

describe('the drain delay is a part of the shutdown timeout', () => {
  test('and refused when it is longer, naming both', () => {
    const error = refusalOf(['--drain-delay', '3s', '--shutdown-timeout', '1s'])
    expect(error?.message).toBe('--drain-delay 3s does not fit into --shutdown-timeout 1s')
    expect(error?.fix).toMatch(/--shutdown-timeout longer than 3s.*--drain-delay shorter than 1s/)
  })

  test('by the variables they came from', () => {
    const error = refusalOf([], { FANOUT_DRAIN_DELAY: '3s', FANOUT_SHUTDOWN_TIMEOUT: '1s' })
    expect(error?.message).toBe('FANOUT_DRAIN_DELAY=3s does not fit into FANOUT_SHUTDOWN_TIMEOUT=1s')
    expect(error?.fix).toBe(
      'make FANOUT_SHUTDOWN_TIMEOUT longer than 3s, or FANOUT_DRAIN_DELAY shorter than 1s',
    )
  })

  test('also when it is its default that does not fit', () => {
    expect(refusalOf(['--shutdown-timeout', '1s'])?.message).toMatch(/^--drain-delay 5s does not fit/)
  })

  test.each([
    [['--drain-delay', '1s', '--shutdown-timeout', '1s']],
    [['--drain-delay', '0s', '--shutdown-timeout', '0s']],
  ])('and taken when it fits: %s', args => {
    expect(refusalOf(args)).toBeUndefined()
  })

  const refusalOf = (args: readonly string[], env: Io['env'] = {}): UsageError | undefined => {
    try {
      configOf(args, container, env)
    } catch (error) {
      if (error instanceof UsageError) return error
      throw error
    }
    return undefined
  }
})
