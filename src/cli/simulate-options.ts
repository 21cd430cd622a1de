import { headerOption } from './header-option.ts'
import { InvalidValue, type Option } from './option.ts'
import { outputOption } from './output-option.ts'
import { readDelay, readFailure } from './simulate-rules.ts'
import { count, milliseconds, text, texts } from './values.ts'

const option = <T>(of: Option<T>): Option<T> => of

/** Without a value it is undefined, which may mean something else than any value. */
const optional =
  <T>(read: (texts: readonly string[]) => T) =>
  (given: readonly string[]): T | undefined =>
    given.length === 0 ? undefined : read(given)

const maxRate = 1_000

const readRate = ([given = '']: readonly string[]): number => {
  const parts = /^([0-9]{1,6}(?:\.[0-9]{1,3})?)\/(s|m)$/.exec(given)
  const bare = /^[0-9.]+$/.test(given)
  if (!parts)
    throw new InvalidValue(
      'requests in a second, such as 50/s',
      write => `write ${write(`${bare ? given : 50}/s`)}`,
    )
  const perSecond = Number(parts[1]) / (parts[2] === 's' ? 1 : 60)
  if (perSecond > 0 && perSecond <= maxRate) return perSecond
  throw new InvalidValue(
    `more than 0/s and at most ${maxRate}/s: all legs run in this process too`,
    write => `write for example ${write('50/s')}`,
  )
}

const maxDurationMs = 300_000

const readDuration = (given: readonly string[]): number => {
  const ms = milliseconds(given)
  if (ms > 0 && ms <= maxDurationMs) return ms
  throw new InvalidValue(
    'more than 0s and at most 5m: time is real',
    write => `write for example ${write('10s')}`,
  )
}

export const maxRequests = 100_000

const readRequests = (given: readonly string[]): number => {
  const requests = count(given)
  if (requests > maxRequests) throw new InvalidValue(`a whole number of at most ${maxRequests}`)
  return requests
}

export const simulateOptions = {
  delay: option({
    flag: 'delay',
    value: 'LEG=DURATION[:WHEN]',
    repeatable: true,
    description:
      'How long a leg takes to answer: 900ms, or drawn from a range: 100ms..900ms. 20ms where none applies.',
    default: '',
    read: given => given.map(readDelay),
  }),
  fail: option({
    flag: 'fail',
    value: 'LEG=WHAT[:WHEN]',
    repeatable: true,
    description:
      'How a leg fails: with a status (503), reset, hang (no answer ever) or refused (nobody listens).',
    default: '',
    read: given => given.map(readFailure),
  }),
  rate: option({
    flag: 'rate',
    value: 'N/s',
    description: `Requests come at this rate, whether or not earlier ones are answered; at most ${maxRate}/s.`,
    default: '',
    read: optional(readRate),
  }),
  duration: option({
    flag: 'duration',
    value: 'DURATION',
    description: 'How long requests come at --rate; at most 5m. 2s without it.',
    default: '',
    read: optional(readDuration),
  }),
  requests: option({
    flag: 'requests',
    short: 'n',
    value: 'COUNT',
    description: 'Requests to send: one after another, or at --rate. Without either: 1.',
    default: '',
    read: optional(readRequests),
  }),
  body: option({
    flag: 'body',
    value: 'TEXT',
    description: 'The body of the request.',
    default: '',
    read: text,
  }),
  header: headerOption,
  host: option({
    flag: 'host',
    value: 'NAME',
    description: 'The Host header of the request, for routes with hostnames. localhost without it.',
    default: '',
    read: text,
  }),
  file: option({
    flag: 'file',
    short: 'f',
    value: 'PATH',
    repeatable: true,
    description: 'Files and directories with routes; they may also simply follow the path.',
    default: '',
    read: texts,
  }),
  seed: option({
    flag: 'seed',
    value: 'NUMBER',
    description: 'What delays and failures are drawn from: the same seed draws the same.',
    default: '1',
    read: count,
  }),
  output: outputOption,
}
