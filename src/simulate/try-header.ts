import { headerValue } from '../relay/header-value.ts'

/** Tells which request and which try of it reaches a leg; travels as the context of a trace would. */
export const tryHeader = 'x-fanout-simulation'

/** What an answer says about the leg that gave it, and its try: `crm 2`. */
export const answeredByHeader = 'x-fanout-simulated-by'

/** Of one try: `number` counts the tries of its leg from 1, those that were refused included. */
export interface TryName {
  readonly request: number
  readonly number: number
}

export const formatTryName = ({ request, number }: TryName): string => `${request}.${number}`

/** `undefined` for what nobody here has sent. */
export const parseTryName = (text: string | undefined): TryName | undefined => {
  const parts = /^(\d{1,9})\.(\d{1,9})$/.exec(text ?? '')
  return parts ? { request: Number(parts[1]), number: Number(parts[2]) } : undefined
}

/** The number of the request that a caller's headers belong to. */
export const requestNumber = (headers: readonly string[]): number | undefined => {
  const text = headerValue(headers, tryHeader)
  return text === undefined ? undefined : Number(text)
}
