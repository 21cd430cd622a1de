import { isUtf8 } from 'node:buffer'
import type { Exchange } from '../exchange.ts'
import type { Leg } from '../leg.ts'
import type { WholeStatus } from '../reply.ts'

/**
 * The envelope, one entry for each awaited leg in the order of the route. JSON answers are embedded as the
 * upstream wrote them, not parsed and written again: numbers beyond 2^53 keep their digits.
 */
export const envelope = ({ route, head, awaited }: Exchange, status: WholeStatus): Buffer => {
  // Ids and names hold no character that JSON would escape: their patterns see to that.
  let text = `{"route":"${route.id}","requestId":"${head.requestId}","status":"${status}","results":{`
  for (let i = 0; i < awaited.length; i++) {
    const leg = awaited[i]!
    text += `${i === 0 ? '' : ','}"${leg.compiled.name}":${entry(leg)}`
  }
  return Buffer.from(`${text}}}`)
}

const entry = (leg: Leg): string => {
  let text = `{"role":"${leg.compiled.role}","outcome":"${leg.outcome}"`
  if (leg.status !== 0) text += `,"status":${leg.status}`
  if (leg.token !== '') text += `,"error":"${leg.token}"`
  if (leg.outcome === 'skipped') text += `,"reason":"${leg.detail}"`
  else text += `,"attempts":${leg.attempts},"durationMs":${Math.round(leg.durationMs)}`
  if (leg.body && leg.body.length > 0) text += bodyMembers(leg.body, leg.contentType)
  return `${text}}`
}

/** JSON as JSON, text as a string, other bytes as base64 with `encoding`. */
const bodyMembers = (body: Buffer, contentType: string): string => {
  if (!isUtf8(body)) return `,"encoding":"base64","body":"${body.toString('base64')}"`
  const text = body.toString('utf8')
  if (isJsonType(contentType) && isJson(text)) return `,"body":${text}`
  return `,"body":${JSON.stringify(text)}`
}

/** `application/json` and the `+json` family (RFC 6839). */
const isJsonType = (contentType: string): boolean =>
  /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(contentType)

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
