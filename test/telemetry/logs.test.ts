import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import type { ExchangeSummary, LegSummary } from '../../src/core/observer.ts'
import { type AccessLogMode, createAccessLog } from '../../src/telemetry/logs/access-log.ts'
import { createLogs, type LoggerOptions } from '../../src/telemetry/logs/logger.ts'

/** Time stands still until `fire` is called. */
const stoppedClock = () => {
  const pending = new Set<() => void>()
  const clock: Clock = {
    now: () => 0,
    after: (_ms, callback) => {
      pending.add(callback)
      return () => pending.delete(callback)
    },
  }
  return { clock, fire: () => [...pending].map(callback => callback()), pending }
}

const capture = (options: Partial<LoggerOptions> = {}) => {
  const writes: string[] = []
  const { clock, fire, pending } = stoppedClock()
  const logs = createLogs({ format: 'json', sink: { write: text => writes.push(text) }, clock, ...options })
  const text = () => {
    logs.flush()
    return writes.join('')
  }
  const records = () =>
    text()
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
  return { ...logs, writes, text, records, fire, pending }
}

const leg = (overrides: Partial<LegSummary> = {}): LegSummary => ({
  name: 'inventory',
  role: 'Required',
  outcome: 'success',
  status: 201,
  error: '',
  detail: '',
  durationMs: 38.1234,
  attempts: 1,
  ...overrides,
})

const exchange = (overrides: Partial<ExchangeSummary> = {}): ExchangeSummary => ({
  requestId: 'req-1',
  route: 'shop/orders',
  method: 'POST',
  path: '/orders',
  status: 200,
  outcome: 'success',
  durationMs: 40.5678,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  legs: [leg()],
  ...overrides,
})

describe('the JSON log', () => {
  it('writes one object a line with level, time and message', () => {
    const { logger, records } = capture()
    logger.info({ routes: 3 }, 'configuration taken over')
    expect(records()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        routes: 3,
        msg: 'configuration taken over',
      },
    ])
  })

  it('leaves out what is below the level', () => {
    const { logger, records } = capture({ level: 'warn' })
    logger.debug({}, 'no')
    logger.info({}, 'no')
    logger.warn({}, 'yes')
    expect(records().map(({ msg }) => msg)).toEqual(['yes'])
  })

  it('joins lines until 100 ms have passed', () => {
    const { logger, writes, fire } = capture()
    logger.info({}, 'one')
    logger.info({}, 'two')
    expect(writes).toEqual([])
    fire()
    expect(writes).toHaveLength(1)
    expect(writes[0]!.match(/\n/g)).toHaveLength(2)
  })

  it('joins no more than about 16 KiB, and leaves no timer behind', () => {
    const { logger, writes, pending } = capture()
    while (writes.length === 0) logger.info({ filler: 'x'.repeat(500) }, 'line')
    expect(writes[0]!.length).toBeGreaterThanOrEqual(16 * 1024)
    expect(writes[0]!.length).toBeLessThan(17 * 1024)
    expect(pending.size).toBe(0)
  })

  it('writes an error line at once', () => {
    const { logger, writes } = capture()
    logger.info({}, 'before')
    logger.error({}, 'crash')
    expect(writes.join('')).toMatch(/before.*crash/s)
  })

  it('says of an error only what a log may hold, with its causes', () => {
    const cause = Object.assign(new Error('inner'), { code: 'ECONNREFUSED', body: 'card=4111' })
    const error = Object.assign(new TypeError('outer', { cause }), {
      headers: { authorization: 'Bearer s3cret' },
    })
    const { logger, records, text } = capture()
    logger.error({ err: error }, 'failed')
    expect(records()[0].err).toMatchObject({
      type: 'TypeError',
      message: 'outer',
      stack: expect.stringContaining('logs.test.ts'),
      cause: { message: 'inner', code: 'ECONNREFUSED' },
    })
    expect(text()).not.toMatch(/s3cret|4111/)
  })

  it('survives errors that are their own cause, and things thrown that are no errors', () => {
    const error = new Error('loop')
    error.cause = error
    const { logger, records } = capture()
    logger.error({ err: error }, 'a')
    logger.error({ err: 'text' }, 'b')
    logger.error({ err: Object.create(null) }, 'c')
    expect(records().map(({ msg }) => msg)).toEqual(['a', 'b', 'c'])
  })

  it('keeps control characters from outside off the terminal without changing the value', () => {
    const path = '/a\r\n{"level":"error"}\x1b[2J\x9b31m\u2028\u202e'
    const { accessLogger, records, text } = capture()
    createAccessLog(accessLogger, 'all')?.exchange(exchange({ path }))
    expect(text()).toMatch(/^[\x20-\x7e]*\n$/)
    expect(records()[0].path).toBe(path)
  })

  it('loses nothing when the process ends', () => {
    const script = `
      import { createLogs } from './src/telemetry/logs/logger.ts'
      const { logger } = createLogs({ format: 'json' })
      for (let line = 0; line < 1000; line += 1) logger.info({ line }, 'line')
      process.exit(3)`
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      encoding: 'utf8',
      maxBuffer: 1e7,
    })
    expect(status).toBe(3)
    expect(stdout.trim().split('\n')).toHaveLength(1000)
    expect(stdout).toMatch(/"line":999,"msg":"line"\}\n$/)
  })
})

describe('the pretty log', () => {
  it('shows time, level, message and fields on one line, at once', () => {
    const { logger, writes } = capture({ format: 'pretty' })
    logger.warn({ file: 'orders.yaml', problems: [1, 2] }, 'route refused')
    expect(writes.join('')).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} WARN {2}route refused file=orders\.yaml problems=\[1,2\]\n$/,
    )
  })

  it('colours only when asked to', () => {
    const plain = capture({ format: 'pretty' })
    plain.logger.info({ a: 1 }, 'm')
    expect(plain.text()).not.toContain('\x1b')
    const coloured = capture({ format: 'pretty', colour: true })
    coloured.logger.info({ a: 1 }, 'm')
    expect(coloured.text()).toContain('\x1b[32mINFO ')
  })

  it('reads an access line like a sentence', () => {
    const { accessLogger, text } = capture({ format: 'pretty' })
    const legs = [leg(), leg({ name: 'crm', outcome: 'failure', error: 'http_response_timeout', status: 0 })]
    createAccessLog(accessLogger, 'all')?.exchange(exchange({ status: 207, outcome: 'partial', legs }))
    expect(text()).toMatch(
      /WARN {2}POST \/orders 207 partial 40\.57ms \[inventory 201 38\.12ms, crm http_response_timeout 38\.12ms\] route=shop\/orders requestId=req-1/,
    )
  })

  it('escapes what comes from outside, wherever it stands', () => {
    const evil = 'x\r\n\x1b[31m\x9b2J\u202e'
    const { logger, accessLogger, text } = capture({ format: 'pretty' })
    createAccessLog(accessLogger, 'all')?.exchange(
      exchange({ path: evil, requestId: evil, legs: [leg({ outcome: 'failure', detail: evil })] }),
    )
    logger.error({ [evil]: { [evil]: evil }, err: new Error(evil) }, evil)
    expect(text()).toMatch(/^[\x20-\x7e\n]*$/)
    expect(text()).toContain('x\\u000d\\u000a\\u001b[31m\\u009b2J\\u202e')
  })

  it('puts a stack and its causes below the line', () => {
    const { logger, text } = capture({ format: 'pretty' })
    logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed')
    expect(text()).toMatch(/ERROR failed\n {2}Error: outer\n.* {2}caused by\n {4}Error: inner\n/s)
  })
})

describe('access lines', () => {
  const written = (mode: AccessLogMode, level: 'info' | 'error' = 'info') => {
    const { accessLogger, records } = capture({ level })
    return { accessLog: createAccessLog(accessLogger, mode), records }
  }

  it('are absent when they are off', () => {
    expect(written('off').accessLog).toBeUndefined()
  })

  it('hold the request and its legs, and no query', () => {
    const { accessLog, records } = written('all')
    accessLog?.exchange(exchange({ path: '/orders?token=s3cret' }))
    expect(records()).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        route: 'shop/orders',
        method: 'POST',
        path: '/orders',
        status: 200,
        outcome: 'success',
        durationMs: 40.57,
        requestId: 'req-1',
        trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
        legs: [
          { name: 'inventory', role: 'Required', outcome: 'success', status: 201, ms: 38.12, attempts: 1 },
        ],
        msg: 'request',
      },
    ])
  })

  it('say that an answer was replayed, and nothing when it was not', () => {
    const { accessLog, records } = written('all')
    accessLog?.exchange(exchange({ replayed: true, legs: [] }))
    accessLog?.exchange(exchange({ replayed: false }))
    expect(records()[0]).toMatchObject({ replayed: true, legs: [] })
    expect(records()[1]).not.toHaveProperty('replayed')
  })

  it.each([
    undefined,
    'garbage',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  ])('name no trace for traceparent %s', traceparent => {
    const { accessLog, records } = written('all')
    accessLog?.exchange(exchange({ traceparent }))
    expect(records()[0]).not.toHaveProperty('trace_id')
  })

  it('warn of what failed and inform of what did not', () => {
    const { accessLog, records } = written('all')
    const outcomes = ['success', 'partial', 'failed', 'cancelled', 'rejected', 'unmatched'] as const
    for (const outcome of outcomes) accessLog?.exchange(exchange({ outcome }))
    expect(records().map(({ level }) => level)).toEqual(['info', 'warn', 'warn', 'info', 'warn', 'info'])
  })

  it('inform of what can be no request for any route, and warn of what the relay has no time for', () => {
    const { accessLog, records } = written('all')
    for (const status of [400, 503]) accessLog?.exchange(exchange({ outcome: 'rejected', route: '', status }))
    expect(records().map(({ level }) => level)).toEqual(['info', 'warn'])
  })

  it('are wanted only for what is not a success under errors', () => {
    const { accessLog } = written('errors')
    expect(accessLog?.wants('success')).toBe(false)
    expect(accessLog?.wants('partial')).toBe(true)
    expect(accessLog?.wants('unmatched')).toBe(true)
    expect(accessLog?.wantsLeg('failure')).toBe(true)
    expect(accessLog?.wantsLeg('success')).toBe(false)
    expect(accessLog?.wantsLeg('cancelled')).toBe(false)
  })

  it('are wanted for everything that ended under all', () => {
    const { accessLog } = written('all')
    expect(accessLog?.wants('success')).toBe(true)
    expect(accessLog?.wantsLeg('success')).toBe(true)
    expect(accessLog?.wantsLeg('pending')).toBe(false)
  })

  it('are not held back by the level', () => {
    const { accessLog, records } = written('all', 'error')
    accessLog?.exchange(exchange())
    expect(records()).toHaveLength(1)
  })

  it('tell of a leg that ended after the answer', () => {
    const { accessLog, records } = written('all')
    accessLog?.lateLeg(
      'req-1',
      'shop/orders',
      leg({ outcome: 'failure', error: 'dns_error', detail: 'no such host' }),
    )
    expect(records()[0]).toMatchObject({
      level: 'warn',
      msg: 'late leg',
      requestId: 'req-1',
      route: 'shop/orders',
      leg: { name: 'inventory', error: 'dns_error', detail: 'no such host' },
    })
  })

  it('bound what comes from outside', () => {
    const { accessLogger, text } = capture()
    const accessLog = createAccessLog(accessLogger, 'all')
    accessLog?.exchange(
      exchange({ path: `/${'x'.repeat(100_000)}`, legs: [leg({ detail: 'y'.repeat(100_000) })] }),
    )
    expect(text().length).toBeLessThan(1500)
  })
})
