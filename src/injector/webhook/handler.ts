import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { injectionLabel } from '../../api/labels.ts'
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { decide } from '../decide.ts'
import type { InjectorOptions } from '../injector-options.ts'
import type { Decision } from '../outcome.ts'
import { podName } from '../pod.ts'
import {
  type AdmissionRequest,
  NotAReview,
  readReview,
  reviewOf,
  tooLarge,
  uidAtStart,
} from './admission-review.ts'
import { readBody } from './read-body.ts'

/** The API server sends objects of at most 3 MiB. */
const maxBytes = 3 * 1024 * 1024
/** Below the webhook's timeoutSeconds of 5, so that the reason is ours. */
const deadlineMs = 4_000

interface Parts extends Pick<InjectorOptions, 'sidecar' | 'namespaceLabels' | 'observer'> {
  readonly clock: Clock
  readonly logger: Logger
}

/** `POST /mutate`: an AdmissionReview of a pod in, one with a JSON patch out. Anything else gets a 4xx that says why. */
export const webhookHandler = (parts: Parts): RequestListener => {
  const { clock, logger, observer } = parts
  return (request, response) => {
    answer(request, response).catch(error => {
      // A 5xx leaves the decision to the webhook's failurePolicy.
      observer?.request('error', 'internal')
      logger.error({ err: error }, 'a defect: a pod could not be looked at')
      if (!response.headersSent)
        refuse(response, 500, 'fanout-relay met a defect of its own; its log says more')
    })
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wrong = wrongRequest(request)
    if (wrong) {
      observer?.request('error', 'bad_request')
      return refuse(response, wrong.status, wrong.message, wrong.headers)
    }
    const body = await readBody(request, { maxBytes, deadlineMs, clock })
    if (body.kind === 'aborted') return observer?.request('error', 'aborted')
    if (body.kind === 'late') {
      observer?.request('error', 'timeout')
      return refuse(response, 408, `the body did not arrive within ${deadlineMs} ms`)
    }
    if (body.kind === 'too_large') return refuseLarge(response, body.start)
    let review: AdmissionRequest
    try {
      review = readReview(body.bytes)
    } catch (error) {
      if (!(error instanceof NotAReview)) throw error
      observer?.request('error', 'bad_request')
      return refuse(response, 400, error.message)
    }
    const decision = decideOn(review)
    observer?.request(decision.result, decision.reason)
    send(response, 200, reviewOf(review.uid, decision))
  }

  function decideOn({ namespace, object }: AdmissionRequest): Decision {
    // Without a view of namespaces the webhook's selectors are trusted: they matched, or nobody had asked.
    const labels = parts.namespaceLabels?.(namespace) ?? selected
    const decision = decide(object, labels, parts.sidecar)
    const fields = { namespace, pod: podName(object), result: decision.result, reason: decision.reason }
    if (decision.result === 'denied') logger.warn(fields, 'pod denied')
    else logger.debug(fields, 'pod looked at')
    return decision
  }

  function refuseLarge(response: ServerResponse, start: Buffer): void {
    observer?.request('denied', 'too_large')
    const uid = uidAtStart(start)
    if (uid === undefined) return refuse(response, 413, `the body is larger than ${maxBytes} bytes`)
    response.setHeader('connection', 'close')
    send(response, 200, tooLarge(uid, maxBytes))
  }
}

const selected = { [injectionLabel]: 'enabled' }

const wrongRequest = (request: IncomingMessage) => {
  const { method, url = '', headers } = request
  if (url.split('?', 1)[0] !== '/mutate')
    return { status: 404, message: 'there is only POST /mutate here', headers: {} }
  if (method !== 'POST') return { status: 405, message: 'use POST', headers: { allow: 'POST' } }
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
    return { status: 415, message: 'send an AdmissionReview as application/json', headers: {} }
  return undefined
}

/** What was not read of the body is not waited for. */
const refuse = (
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const body = `${message}\n`
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...headers,
  })
  response.end(body)
}

const send = (response: ServerResponse, status: number, value: unknown): void => {
  const body = JSON.stringify(value)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
