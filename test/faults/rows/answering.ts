import { gzipSync } from 'node:zlib'
import type { Row } from '../row.ts'
import { type Script, startScripted } from '../support/scripted.ts'
import { shortAttempt, shortRequest } from '../times.ts'

const head = 'HTTP/1.1 200 OK\r\n'
const says =
  (bytes: string | Buffer): Script =>
  socket =>
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
/** The rest follows in a packet of its own, when the beginning has been passed on. */
const saysLater =
  (first: string, then: Script): Script =>
  socket =>
    socket.write(first, () => setTimeout(() => then(socket), 30))
const by =
  (script: Script): Row['start'] =>
  options =>
    startScripted(script, options)

const drips =
  (first: string, drop: string): Script =>
  socket => {
    socket.write(first)
    const timer = setInterval(() => socket.write(drop), 20)
    socket.once('close', () => clearInterval(timer))
  }

const reply = (status: number, fields = '', body = `answer ${status}`): string =>
  `HTTP/1.1 ${status} Status\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`

const refusal = { kind: 'refusal', token: 'http_status', closes: false } as const
const broken = { kind: 'failure', status: 502, resent: 'never', closes: true } as const
const cut = { kind: 'cut', status: 200, resent: 'never', closes: true } as const

const metadata = 'http://169.254.169.254/latest/meta-data/'
const large = 'x'.repeat(1_000_000)
const bomb = gzipSync(Buffer.alloc(10 * 2 ** 20))
const upload = Buffer.alloc(8 * 2 ** 20, 'relay')
/** Reads on only later, when an upload that is not stopped would have gone on. */
const answersEarly =
  (bytes: string): Script =>
  socket => {
    socket.pause()
    socket.write(bytes)
    setTimeout(() => socket.resume(), 200)
  }
const early = (script: Script): Row['start'] => {
  return options => startScripted(script, { ...options, atHead: true })
}

/** Where a request gets through and what comes back is not an answer, not a whole one, or not a good one. */
export const answeringRows: readonly Row[] = [
  {
    ...broken,
    id: 'F4',
    fault: 'reset before any byte',
    token: 'connection_terminated',
    resent: 'replayable',
    start: by(socket => socket.resetAndDestroy()),
  },
  {
    ...broken,
    id: 'F4',
    fault: 'closed before any byte',
    token: 'connection_terminated',
    resent: 'replayable',
    start: by(socket => socket.end()),
  },
  {
    ...broken,
    id: 'F5',
    fault: 'reset in the middle of the head',
    token: 'connection_terminated',
    resent: 'replayable',
    start: by(saysLater(`${head}Conte`, socket => socket.resetAndDestroy())),
  },
  {
    ...cut,
    id: 'F6',
    fault: 'reset in the middle of the body',
    token: 'http_response_incomplete',
    start: by(saysLater(`${head}Content-Length: 100\r\n\r\nhalf`, socket => socket.resetAndDestroy())),
  },
  {
    ...cut,
    id: 'F7',
    fault: 'body shorter than its length',
    token: 'http_response_incomplete',
    start: by(saysLater(`${head}Content-Length: 100\r\n\r\nhalf`, socket => socket.end())),
  },
  {
    ...cut,
    id: 'F8',
    fault: 'chunk cut short',
    token: 'http_response_incomplete',
    start: by(saysLater(`${head}Transfer-Encoding: chunked\r\n\r\n40\r\nhalf`, socket => socket.end())),
  },
  {
    ...cut,
    id: 'F8',
    fault: 'no last chunk',
    token: 'http_response_incomplete',
    start: by(saysLater(`${head}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`, socket => socket.end())),
  },
  {
    ...broken,
    id: 'F9',
    fault: 'hangs before the head',
    status: 504,
    token: 'http_response_timeout',
    resent: 'replayable',
    spec: { timeouts: shortAttempt },
    start: by(() => {}),
  },
  {
    ...cut,
    id: 'F10',
    fault: 'hangs in the middle of the body',
    token: 'http_response_timeout',
    spec: { timeouts: shortAttempt },
    start: by(says(`${head}Content-Length: 100\r\n\r\nhalf`)),
  },
  {
    ...broken,
    id: 'F11',
    fault: 'head drips',
    status: 504,
    token: 'deadline_exceeded',
    spec: { timeouts: shortRequest },
    start: by(drips(`${head}X-Drip: `, 'x')),
  },
  {
    ...cut,
    id: 'F12',
    fault: 'body drips',
    token: 'deadline_exceeded',
    spec: { timeouts: shortRequest },
    note: '504 where the head has not been passed on: in an envelope, or with any other failure at hand.',
    start: by(drips(`${head}Content-Length: 1000\r\n\r\n`, 'x')),
  },
  ...[502, 503, 504].map(
    (status): Row => ({
      ...refusal,
      id: 'F13',
      fault: `status ${status}`,
      status,
      body: `answer ${status}`,
      resent: 'replayable',
      start: by(says(reply(status))),
    }),
  ),
  {
    ...refusal,
    id: 'F13',
    fault: 'status 500',
    status: 500,
    body: 'answer 500',
    resent: 'never',
    note: 'Not among the codes that are retried unless the route says so.',
    start: by(says(reply(500))),
  },
  {
    ...refusal,
    id: 'F14',
    fault: '429 with Retry-After: 1',
    status: 429,
    resent: 'replayable',
    retry: { attempts: 1, backoff: '1ms', codes: [429] },
    retryWaitMs: 1000,
    note: 'Retried where `codes` has 429, and not before the second that it asks for.',
    start: by(says(reply(429, 'Retry-After: 1\r\n'))),
  },
  {
    ...refusal,
    id: 'F14',
    fault: '503 with Retry-After beyond the deadline',
    status: 503,
    resent: 'never',
    spec: { timeouts: { request: '10s' } },
    note: 'A wait that cannot end within `timeouts.request` is not begun.',
    start: by(says(reply(503, 'Retry-After: 60\r\n'))),
  },
  ...(
    [
      ['another protocol', 'SSH-2.0-OpenSSH\r\n'],
      ['bad status line', 'HTTP/1.1 abc\r\n\r\n'],
      ['status below 100', 'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n'],
      ['length and chunked', `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
      ['two lengths', `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nhi`],
      ['NUL in a header', `${head}X-A: a\0b\r\nContent-Length: 2\r\n\r\nhi`],
      ['bare LF as line end', `${head}X-A: a\nContent-Length: 2\r\n\r\nhi`],
      ['HTTP/0.9', '<html>hello</html>\r\n'],
      ['flood of 1xx', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)],
      ['101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
      [
        '101 that nobody asked for',
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      ],
    ] as const
  ).map(
    ([fault, bytes]): Row => ({
      ...broken,
      id: 'F15',
      fault,
      token: 'http_protocol_error',
      start: by(says(bytes)),
    }),
  ),
  ...(
    [
      ['bad chunk size', ''],
      ['bad chunk size after a good chunk', '2\r\nhi\r\n'],
    ] as const
  ).map(
    ([fault, good]): Row => ({
      ...cut,
      id: 'F15',
      fault,
      token: 'http_protocol_error',
      note: 'The head is passed on before the body is read.',
      start: by(saysLater(`${head}Transfer-Encoding: chunked\r\n\r\n${good}`, says('zz\r\nhi\r\n0\r\n\r\n'))),
    }),
  ),
  {
    ...broken,
    id: 'F16',
    fault: 'head over 16 KiB',
    token: 'http_protocol_error',
    start: by(says(`${head}X-A: ${'a'.repeat(17 * 1024)}\r\nContent-Length: 2\r\n\r\nhi`)),
  },
  {
    ...broken,
    id: 'F16',
    fault: 'ten thousand headers',
    token: 'http_protocol_error',
    start: by(says(`${head}${'a:b\r\n'.repeat(10_000)}Content-Length: 2\r\n\r\nhi`)),
  },
  {
    id: 'F17',
    fault: 'body over limits.maxBodySize',
    kind: 'passes',
    status: 200,
    token: '',
    collectedToken: 'body_too_large',
    resent: 'never',
    closes: false,
    spec: { limits: { maxBodySize: '64Ki' } },
    note: 'Passed on as it comes, nothing of it is kept; only where the relay has to hold it is there a limit.',
    body: large,
    start: by(says(reply(200, '', large))),
  },
  {
    id: 'F17',
    fault: 'gzip bomb',
    body: bomb.toString('latin1'),
    kind: 'passes',
    status: 200,
    token: '',
    resent: 'never',
    closes: false,
    spec: { limits: { maxBodySize: '64Ki' } },
    note: 'Never unpacked: limits count the bytes of the wire.',
    start: by(
      says(
        Buffer.concat([
          Buffer.from(`${head}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`),
          bomb,
        ]),
      ),
    ),
  },
  ...[413, 401].map(
    (status): Row => ({
      ...refusal,
      id: 'F18',
      fault: `${status} before the upload has ended`,
      status,
      resent: 'never',
      closes: true,
      stopsUploadOf: upload.length,
      spec: { limits: { maxBodySize: '32Mi' } },
      request: { method: 'POST', body: upload },
      body: `answer ${status}`,
      start: early(answersEarly(reply(status))),
    }),
  ),
  {
    ...refusal,
    id: 'F18',
    fault: '413 before the upload has ended, streamed',
    status: 413,
    resent: 'never',
    closes: true,
    stopsUploadOf: upload.length,
    spec: { limits: { maxBodySize: '64Ki', onOversize: 'StreamAll' } },
    request: { method: 'POST', body: upload },
    start: early(answersEarly(reply(413))),
  },
  {
    id: 'F22',
    fault: 'redirect to a metadata address',
    kind: 'passes',
    status: 302,
    token: '',
    resent: 'never',
    closes: false,
    location: metadata,
    start: by(says(reply(302, `Location: ${metadata}\r\n`))),
  },
  {
    id: 'F22',
    fault: 'redirect to another host',
    kind: 'passes',
    status: 307,
    token: '',
    resent: 'never',
    closes: false,
    start: async options => {
      const other = await startScripted(() => {})
      const location = `Location: ${other.url}/next\r\n`
      const faulty = await startScripted(says(reply(307, location)), options)
      return {
        ...faulty,
        // A request that followed the redirect would count as well.
        requests: () => faulty.requests() + other.requests(),
        close: async () => {
          await faulty.close()
          await other.close()
        },
      }
    },
  },
]
