import { isUtf8 } from 'node:buffer'
import type { Leg } from '../leg.ts'

/**
 * One JSON object from the answers of the successful legs, in the order of the route: members of objects side
 * by side, later ones winning; any other answer under the name of its leg.
 */
export const merge = (legs: readonly Leg[]): Buffer => {
  const members = new Map<string, unknown>()
  for (const { outcome, body, compiled } of legs) {
    if (outcome !== 'success' || !body || body.length === 0) continue
    const value = parse(body)
    if (isObject(value)) for (const [name, member] of Object.entries(value)) members.set(name, member)
    else members.set(compiled.name, value)
  }
  // Text, not an object: a member called __proto__ stays a member.
  const text = [...members].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  return Buffer.from(`{${text.join(',')}}`)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !rawJson.isRawJSON(value)

const parse = (body: Buffer): unknown => {
  if (!isUtf8(body)) return body.toString('base64')
  const text = body.toString('utf8')
  try {
    return JSON.parse(text, exact)
  } catch {
    return text
  }
}

/** Numbers a double cannot hold keep their digits. */
const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
  if (typeof value !== 'number' || context?.source === undefined) return value
  return String(value) === context.source ? value : rawJson.rawJSON(context.source)
}

const rawJson = JSON as unknown as { rawJSON(text: string): unknown; isRawJSON(value: unknown): boolean }
