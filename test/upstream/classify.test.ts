import { describe, expect, test } from 'vitest'
import { classify } from '../../src/upstream/classify.ts'

const failing = (code: string, message = 'what happened') => Object.assign(new Error(message), { code })
const before = { headReceived: false }
const after = { headReceived: true }

describe('classify', () => {
  test.each([
    ['ENOTFOUND', 'dns_error'],
    ['EAI_AGAIN', 'dns_error'],
    ['ECONNREFUSED', 'connection_refused'],
    ['EHOSTUNREACH', 'connection_refused'],
    ['EMFILE', 'connection_limit_reached'],
    ['ETIMEDOUT', 'connection_timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connection_timeout'],
    ['ECONNRESET', 'connection_terminated'],
    ['EPIPE', 'connection_terminated'],
    ['UND_ERR_SOCKET', 'connection_terminated'],
    ['HPE_INVALID_CONSTANT', 'http_protocol_error'],
    ['UND_ERR_HEADERS_OVERFLOW', 'http_protocol_error'],
    ['CERT_HAS_EXPIRED', 'tls_certificate_error'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_certificate_error'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_certificate_error'],
    ['UND_ERR_INVALID_ARG', 'relay_internal'],
    ['SOMETHING_NEW', 'connection_terminated'],
  ])('%s before an answer is %s', (code, token) => {
    expect(classify(failing(code), before).token).toBe(token)
  })

  test.each([
    'ECONNRESET',
    'EPIPE',
    'UND_ERR_SOCKET',
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'HPE_INVALID_EOF_STATE',
  ])('%s after its head is an answer cut short', code => {
    expect(classify(failing(code), after).token).toBe('http_response_incomplete')
  })

  test.each([
    ['UND_ERR_DESTROYED', before],
    ['UND_ERR_DESTROYED', after],
    ['UND_ERR_CLOSED', before],
  ])('%s is no failure of the upstream: the relay is being shut down', (code, when) => {
    const { token, detail } = classify(failing(code), when)
    expect([token, detail]).toEqual(['client_cancelled', expect.stringContaining('shut down')])
  })

  test('keeps cause and words for the log', () => {
    const cause = failing('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:80')
    expect(classify(cause, before)).toEqual({ token: 'connection_refused', detail: cause.message, cause })
  })

  test.each([undefined, null, 'text', {}, { code: 7 }])('takes whatever was thrown: %s', thrown => {
    expect(classify(thrown, before).token).toBe('connection_terminated')
  })
})
