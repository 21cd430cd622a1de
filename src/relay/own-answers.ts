import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerOf, type Refusal } from './client-error.ts'
import { markEnding } from './ending.ts'
import { type Books, type Entry, openEntry } from './entry.ts'
import { isLingering, linger } from './linger.ts'
import { allowedMethods } from './methods.ts'
import { parseTarget } from './request-target.ts'

const expectationFailed: Refusal = {
  status: 417,
  title: 'Expectation failed',
  code: 'expectation_failed',
  detail: 'The only expectation the relay meets is 100-continue.',
}

/** Whether all that the request expects is 100-continue: Node looks for the word anywhere in the value. */
export const expectsOnlyContinue = ({ headers }: IncomingMessage): boolean =>
  (headers.expect ?? '').split(',').every(member => member.trim().toLowerCase() === '100-continue')

/** RFC 9110 §10.1.1: no expectation but 100-continue is known. The body may or may not come, so this ends. */
export const refuseExpectation = (books: Books, request: IncomingMessage, response: ServerResponse): void => {
  const { status, code } = expectationFailed
  const entry = enter(books, request)
  const end = (): void => entry.end(response.headersSent ? status : 0, 'rejected', code)
  const { headers, body } = answerOf(expectationFailed, entry.requestId)
  response.on('close', end)
  markEnding(request.socket)
  response.writeHead(status, headers)
  linger(request, response, Buffer.from(body))
  if (isLingering(response)) end()
}

/** RFC 9110 §9.3.7: what the relay as such can do. `ends` = the connection is to end with it. */
export const answerOptions = (
  books: Books,
  request: IncomingMessage,
  response: ServerResponse,
  { ends }: { readonly ends: boolean },
): void => {
  const entry = enter(books, request)
  response.on('close', () =>
    entry.end(response.headersSent ? 204 : 0, response.writableFinished ? 'success' : 'cancelled'),
  )
  const headers = ['Allow', allowedMethods, 'X-Request-Id', entry.requestId]
  if (ends) {
    markEnding(request.socket)
    headers.push('Connection', 'close')
  }
  response.writeHead(204, headers)
  response.end()
}

const enter = (books: Books, { method, url = '', rawHeaders }: IncomingMessage): Entry => {
  const target = url === '*' ? { path: url } : parseTarget(url)
  const path = 'path' in target ? target.path : ''
  return openEntry(books, { method, path, rawHeaders })
}
