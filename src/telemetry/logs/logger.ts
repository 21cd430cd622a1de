import { pino } from 'pino'
import { type Clock, systemClock } from '../../core/clock.ts'
import type { Logger, LogLevel } from '../../core/logger.ts'
import { escapeControlsInJson } from './control-characters.ts'
import { describeError } from './describe-error.ts'
import { LineBuffer, type LineSink } from './line-buffer.ts'
import { createPretty } from './pretty.ts'

export interface LoggerOptions {
  /** Defaults to info. */
  readonly level?: LogLevel
  /** `json`: one object a line. `pretty`: for a terminal. */
  readonly format: 'json' | 'pretty'
  /** Of `pretty`; off under NO_COLOR. Defaults to off. */
  readonly colour?: boolean
  /** Defaults to standard output. */
  readonly sink?: LineSink
  readonly clock?: Clock
}

export interface Logs {
  readonly logger: Logger
  /** For access lines: they have a switch of their own, so the level does not hold them back. */
  readonly accessLogger: Logger
  /** Writes what waits. Happens by itself after 100 ms, after an error line and when the process exits. */
  flush(): void
}

/** JSON lines are joined up to 16 KiB or 100 ms; pretty ones appear at once. */
export function createLogs({
  level = 'info',
  format,
  colour = false,
  sink,
  clock = systemClock,
}: LoggerOptions): Logs {
  const target = sink ?? standardOutput()
  const buffer = new LineBuffer(target, { clock, ...(format === 'pretty' ? { maxLength: 0 } : {}) })
  const render = format === 'pretty' ? createPretty({ colour }) : escapeControlsInJson
  const base = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
      serializers: { err: thrown => describeError(thrown) },
    },
    { write: line => buffer.write(render(line)) },
  )
  if (!sink) process.once('exit', () => buffer.flush())
  return {
    logger: flushingErrors(base, buffer),
    accessLogger: base.child({}, { level: 'info' }),
    flush: () => buffer.flush(),
  }
}

/** pino's own: it waits when a pipe is full and falls silent when its reader has gone. */
const standardOutput = (): LineSink => pino.destination({ dest: 1, sync: true })

/** An error line may be the last one before a crash. */
const flushingErrors = (logger: Logger, buffer: LineBuffer): Logger => ({
  debug: (fields, message) => logger.debug(fields, message),
  info: (fields, message) => logger.info(fields, message),
  warn: (fields, message) => logger.warn(fields, message),
  error: (fields, message) => {
    logger.error(fields, message)
    buffer.flush()
  },
})
