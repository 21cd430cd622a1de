import { describe, expect, test } from 'vitest'
import { InvalidValue, type Option } from '../../src/cli/option.ts'
import { parseOptions } from '../../src/cli/parse-options.ts'
import { UsageError } from '../../src/cli/usage-error.ts'
import { choice, flag, milliseconds, texts } from '../../src/cli/values.ts'
import { container } from './fixtures.ts'

const options = {
  delay: {
    flag: 'drain-delay',
    value: 'DURATION',
    description: 'How long.',
    default: '5s',
    read: milliseconds,
  } satisfies Option<number>,
  output: {
    flag: 'output',
    short: 'o',
    value: 'FORMAT',
    description: 'Which form.',
    default: ({ terminal }) => (terminal ? 'text' : 'json'),
    read: choice('text', 'json'),
  } satisfies Option<'text' | 'json'>,
  header: {
    flag: 'header',
    short: 'H',
    value: 'TEXT',
    repeatable: true,
    description: 'One of many.',
    default: '',
    read: texts,
  } satisfies Option<readonly string[]>,
  strict: {
    flag: 'strict',
    description: 'A switch.',
    default: 'false',
    read: flag,
  } satisfies Option<boolean>,
  colour: {
    flag: 'colour',
    value: 'NAME',
    description: 'One with a fix of its own.',
    default: '',
    read: ([given = 'red']) => {
      if (given === 'red' || given === 'green') return given
      throw new InvalidValue('a colour', write => `write for example ${write('red')} or ${write('green')}`)
    },
  } satisfies Option<string>,
}

const parse = (args: readonly string[], env: Record<string, string> = {}) =>
  parseOptions('try', options, args, { env, machine: container })

const refusal = (args: readonly string[], env: Record<string, string> = {}): UsageError => {
  try {
    parse(args, env)
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('where a value comes from', () => {
  test('is the flag before the environment before the default', () => {
    expect(parse([]).values.delay).toBe(5000)
    expect(parse([], { FANOUT_DRAIN_DELAY: '2s' }).values.delay).toBe(2000)
    expect(parse(['--drain-delay', '1s'], { FANOUT_DRAIN_DELAY: '2s' }).values.delay).toBe(1000)
    expect(parse(['--drain-delay=1m'], { FANOUT_DRAIN_DELAY: 'nonsense' }).values.delay).toBe(60_000)
  })

  test('is the default when the variable is empty', () => {
    expect(parse([], { FANOUT_DRAIN_DELAY: '' }).values.delay).toBe(5000)
  })

  test('may be the machine', () => {
    expect(parse([]).values.output).toBe('json')
    const machine = { ...container, terminal: true }
    expect(parseOptions('try', options, [], { env: {}, machine }).values.output).toBe('text')
  })

  test('is told by flag', () => {
    expect(parse(['-o', 'text'], { FANOUT_STRICT: '1' }).settings).toEqual({
      'drain-delay': '5s',
      output: 'text',
      header: '',
      strict: '1',
      colour: '',
    })
  })

  test('is told by name: that of the flag, or of the variable', () => {
    expect(parse(['-o', 'text'], { FANOUT_STRICT: '1', FANOUT_OUTPUT: 'json' }).names).toEqual({
      'drain-delay': '--drain-delay',
      output: '--output',
      header: '--header',
      strict: 'FANOUT_STRICT',
      colour: '--colour',
    })
  })
})

describe('the forms of an option', () => {
  test('are long and short, with blank and with =', () => {
    for (const args of [['--output', 'text'], ['--output=text'], ['-o', 'text'], ['-otext']]) {
      expect(parse(args).values.output).toBe('text')
    }
  })

  test('are a switch, which may be switched off', () => {
    expect(parse(['--strict']).values.strict).toBe(true)
    expect(parse(['--strict=false'], { FANOUT_STRICT: 'true' }).values.strict).toBe(false)
    expect(parse([], { FANOUT_STRICT: 'true' }).values.strict).toBe(true)
  })

  test('are several values, one a line in the environment', () => {
    expect(parse(['-H', 'a: 1', 'x', '--header', 'b: 2']).values.header).toEqual(['a: 1', 'b: 2'])
    expect(parse([], { FANOUT_HEADER: 'a: 1\nb: 2\n' }).values.header).toEqual(['a: 1', 'b: 2'])
  })

  test('leave everything else to the verb, and all after --', () => {
    expect(parse(['POST', '--strict', '/a', '-', '--', '--output']).positionals).toEqual([
      'POST',
      '/a',
      '-',
      '--output',
    ])
  })

  test('give way to help, wherever it stands', () => {
    expect(parse(['--help', '--drain-delay', 'nonsense']).help).toBe(true)
    expect(parse(['routes/', '-h']).help).toBe(true)
  })
})

describe('a usage error says what, why and how to mend it', () => {
  test.each([
    [['--drain-dely', '5s'], 'try has no option --drain-dely', /did you mean --drain-delay\?/],
    [['-x'], 'try has no option -x', /try --help/],
    [['--drain-delay', '5'], '--drain-delay cannot be "5"', /write --drain-delay 5s/],
    [['-o', 'yaml'], '--output cannot be "yaml"', /write --output json/],
    [['--drain-delay'], '--drain-delay needs a value', /--drain-delay DURATION/],
    [['--drain-delay', '--strict'], '--drain-delay needs a value', /--drain-delay DURATION/],
    [['--output=text', '-o', 'json'], '--output is given twice', /once/],
    [['--strict=maybe'], '--strict cannot be "maybe"', /^write --strict or --strict=false$/],
  ])('for %j', (args, what, fix) => {
    const error = refusal(args)
    expect(error.message).toBe(what)
    expect(error.fix).toMatch(fix)
  })

  test('and names the variable where the value came from there', () => {
    const error = refusal([], { FANOUT_OUTPUT: 'xml' })
    expect(error.message).toBe('FANOUT_OUTPUT cannot be "xml"')
    expect(error.why).toBe('it must be one of text, json')
    expect(error.fix).toBe('write FANOUT_OUTPUT=json')
  })

  test.each([
    [{ FANOUT_STRICT: 'yes' }, 'write FANOUT_STRICT=true or FANOUT_STRICT=false'],
    [{ FANOUT_DRAIN_DELAY: '5' }, 'write FANOUT_DRAIN_DELAY=5s'],
    [{ FANOUT_COLOUR: 'blue' }, 'write for example FANOUT_COLOUR=red or FANOUT_COLOUR=green'],
  ])('and its fix can be followed there: %j', (env, fix) => {
    expect(refusal([], env).fix).toBe(fix)
  })

  test('and the fix of a flag names the flag, whatever is in the environment', () => {
    expect(refusal(['--colour', 'blue'], { FANOUT_COLOUR: 'red' }).fix).toBe(
      'write for example --colour red or --colour green',
    )
  })
})
