import { expect } from 'vitest'
import type { RawResponse } from '../support/raw-client.ts'
import type { Row } from './row.ts'
import type { Shape } from './shapes.ts'
import type { LoggedLeg, LoggedRequest, ObservedRelay } from './support/observed-relay.ts'
import { attemptSpans } from './support/spans.ts'

/** What was seen, for whoever prints the matrix. */
export interface Seen {
  caller: string
  token: string
  attempts: number
}

/** Envelope, metric, log and span of each leg that met the fault say the same token. */
export const expectEverySurface = async (
  row: Row,
  shape: Shape,
  relay: ObservedRelay,
  logged: LoggedRequest,
  answer: RawResponse,
  seen: Seen,
): Promise<void> => {
  const allowed = shape.tokens(row)
  const samples = await relay.metrics()
  const found = shape.faulty.map(name => logged.legs.get(name)!)
  seen.token =
    found.map(({ error = '' }) => error).find(error => error === allowed[0]) ?? found[0]?.error ?? ''
  seen.attempts = found[0]?.attempts ?? 0
  for (const leg of found) {
    const { error = '' } = leg
    expect(allowed, `token of ${leg.name} in the log: ${JSON.stringify(leg)}`).toContain(error)
    expect(error === '' || leg.detail !== undefined, 'a reason in the log').toBe(true)
    expect(leg.attempts, `attempts of ${leg.name}`).toBe(shape.attempts(row))
    expectEnvelope(answer, leg)
    expectMetric(row, shape, samples, leg)
    expectSpans(row, shape, logged.traceId, leg)
  }
  if (!shape.isRace)
    expect(
      found.map(({ error = '' }) => error),
      'tokens in the log',
    ).toContain(allowed[0])
}

const expectEnvelope = (answer: RawResponse, leg: LoggedLeg): void => {
  if (answer.header('content-type') !== 'application/json' || !answer.body.includes('"results"')) return
  const entry = JSON.parse(answer.body.toString()).results[leg.name]
  expect(entry, 'entry of the envelope').toMatchObject({ outcome: leg.outcome, attempts: leg.attempts })
  expect(entry.error, 'error of the envelope').toBe(leg.error)
}

const expectMetric = (
  row: Row,
  shape: Shape,
  samples: Awaited<ReturnType<ObservedRelay['metrics']>>,
  leg: LoggedLeg,
): void => {
  const counted = (error: string, code: number | undefined): number =>
    samples
      .filter(({ name }) => name === 'fanout_upstream_requests_total')
      .filter(({ labels }) => labels['upstream'] === leg.name && labels['error'] === error)
      .filter(({ labels }) => code === undefined || labels['code'] === (code === 0 ? '' : String(code)))
      .reduce((sum, { value }) => sum + value, 0)
  expect(
    counted(leg.error ?? '', leg.status),
    'attempts of this token and status in the metric',
  ).toBeGreaterThan(0)
  if (shape.attempts(row) > 1)
    expect(counted(row.token, undefined), 'the failed attempt in the metric').toBe(1)
}

const expectSpans = (row: Row, shape: Shape, traceId: string, leg: LoggedLeg): void => {
  const spans = attemptSpans(traceId, leg.name)
  expect(spans.length, 'one span an attempt').toBe(leg.attempts)
  const last = spans.at(-1)!.attributes
  expect(last['error.type'], 'error.type of the span').toBe(leg.error)
  expect(last['http.response.status_code'], 'status of the span').toBe(
    leg.status === 0 ? undefined : leg.status,
  )
  if (shape.attempts(row) === 1) return
  expect(spans[0]!.attributes['error.type'], 'error.type of the first span').toBe(row.token)
  expect(last['http.request.resend_count']).toBe(1)
}
