import type { Decision } from '../outcome.ts'
import { formatProblems } from '../outcome.ts'
import type { Pod } from '../pod.ts'

/** What the API server asks (admission.k8s.io/v1), as far as the injector reads it. */
export interface AdmissionRequest {
  /** Has to be sent back. */
  readonly uid: string
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  readonly operation: string
  /** Of the pod; the pod itself may not name it yet. */
  readonly namespace: string
  readonly object: Pod
}

/** The answer to one AdmissionReview. */
export interface AdmissionReview {
  readonly apiVersion: typeof apiVersion
  readonly kind: typeof kind
  readonly response: AdmissionResponse
}

export interface AdmissionResponse {
  readonly uid: string
  readonly allowed: boolean
  readonly patchType?: 'JSONPatch'
  /** JSON patch in base64. */
  readonly patch?: string
  readonly warnings?: readonly string[]
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string }
}

const apiVersion = 'admission.k8s.io/v1'
const kind = 'AdmissionReview'

/** A body that is no AdmissionReview of a pod; the message is for whoever sent it. */
export class NotAReview extends Error {}

/** @throws NotAReview */
export const readReview = (body: Buffer): AdmissionRequest => {
  let review: unknown
  try {
    review = JSON.parse(body.toString('utf8'))
  } catch {
    throw new NotAReview('the body is not JSON')
  }
  if (!isObject(review) || review['apiVersion'] !== apiVersion || review['kind'] !== kind)
    throw new NotAReview(`the body must be an ${kind} of ${apiVersion}`)
  const request = review['request']
  if (!isObject(request) || typeof request['uid'] !== 'string') throw new NotAReview('request.uid is missing')
  if (!isObject(request['kind']) || request['kind']['kind'] !== 'Pod' || request['kind']['group'] !== '')
    throw new NotAReview('request.kind must be Pod: check the rules of the MutatingWebhookConfiguration')
  const { object } = request
  if (!isObject(object) || !isObject(object['spec']) || !Array.isArray(object['spec']['containers']))
    throw new NotAReview('request.object must be a pod with spec.containers')
  return request as unknown as AdmissionRequest
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const review = (response: AdmissionResponse): AdmissionReview => ({ apiVersion, kind, response })

/** The decision as the API server wants it. */
export const reviewOf = (uid: string, decision: Decision): AdmissionReview => {
  const warnings = decision.warnings.length > 0 ? { warnings: bounded(decision.warnings) } : {}
  if (decision.result === 'denied')
    return denial(uid, 'Forbidden', 403, formatProblems(decision.problems), warnings)
  if (decision.result === 'skipped') return review({ uid, allowed: true, ...warnings })
  const patch = Buffer.from(JSON.stringify(decision.patch)).toString('base64')
  return review({ uid, allowed: true, patchType: 'JSONPatch', patch, ...warnings })
}

/** Refuses a pod that is too large to be looked at. */
export const tooLarge = (uid: string, maxBytes: number): AdmissionReview =>
  denial(
    uid,
    'RequestEntityTooLarge',
    413,
    `fanout-relay looks at pods of up to ${maxBytes / 1024 / 1024} MiB. Fix: make the pod smaller, or leave it out with the label fanoutrelay.dev/inject: "false"`,
  )

/** API servers cut messages short on their own terms; ours end where they should. */
const maxMessage = 1024

const denial = (
  uid: string,
  reason: string,
  code: number,
  message: string,
  warnings: Pick<AdmissionResponse, 'warnings'> = {},
): AdmissionReview =>
  review({ uid, allowed: false, status: { code, reason, message: cut(message, maxMessage) }, ...warnings })

/** The API server drops warnings beyond 4096 characters in all, and shortens long ones to 256. */
const bounded = (warnings: readonly string[]): readonly string[] =>
  warnings.slice(0, 12).map(warning => cut(warning, 256))

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text

/** The uid of a review of which only the beginning was read; Go writes it before the object. */
export const uidAtStart = (start: Buffer): string | undefined =>
  /"request":\s*\{\s*"uid":\s*"([A-Za-z0-9-]{1,64})"/.exec(start.subarray(0, 4096).toString('latin1'))?.[1]
