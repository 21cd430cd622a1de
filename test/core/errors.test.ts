import { expect, test } from 'vitest'
import { errorTokens, statusOfError } from '../../src/core/errors.ts'

test('every token has the status of the contract', () => {
  const byStatus = Map.groupBy(errorTokens, statusOfError)
  expect(Object.fromEntries(byStatus)).toEqual({
    499: ['client_cancelled'],
    500: ['relay_internal'],
    502: [
      'dns_error',
      'connection_refused',
      'connection_terminated',
      'tls_certificate_error',
      'http_response_incomplete',
      'http_protocol_error',
      'http_status',
      'body_too_large',
    ],
    503: ['connection_limit_reached', 'circuit_open', 'rate_limited'],
    504: ['connection_timeout', 'http_response_timeout', 'deadline_exceeded'],
  })
})
