import type { Verb } from './verb.ts'

/** The answer to `fanout-relay help`: one screen. */
export const renderHelp = (verbs: readonly Verb[]): string => {
  const width = Math.max(...verbs.map(({ name }) => name.length))
  return [
    'FanOut Relay: one request in, several services out, with the failures under control.',
    '',
    'Usage: fanout-relay VERB [arguments] [options]',
    '',
    ...verbs.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Ports of a running relay:',
    '  4780  data: the application sends its requests here (loopback)',
    '  4781  admin: API (loopback)',
    '  4782  telemetry: /metrics /livez /readyz',
    '',
    'Try it:',
    '  fanout-relay demo                          two APIs and a relay, and what to send them',
    '  fanout-relay lint routes/                  is there anything wrong with my routes?',
    '  fanout-relay explain POST /orders routes/  which route takes this request?',
    '  fanout-relay run routes/                   serve them, and follow edits',
    '',
    'fanout-relay VERB --help shows the options of a verb. Each option has a twin in the environment:',
    '--listen is FANOUT_LISTEN. A flag wins over the environment, the environment over the default.',
    'Exit codes: 0 fine, 1 findings or failure, 2 wrong usage.',
    '',
  ].join('\n')
}
