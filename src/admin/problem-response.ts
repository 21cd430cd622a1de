import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

export interface ProblemDetails {
  readonly status: ContentfulStatusCode
  /** Stable, for programs. */
  readonly code: string
  readonly title: string
  /** What to do about it. */
  readonly detail: string
  readonly endpoints?: readonly string[]
}

/** RFC 9457. */
export const problemResponse = (context: Context, problem: ProblemDetails): Response =>
  context.body(JSON.stringify({ type: 'about:blank', ...problem }), problem.status, {
    'content-type': 'application/problem+json',
  })
