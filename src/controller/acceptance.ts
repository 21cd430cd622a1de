import { reasons } from '../api/labels.ts'
import type { Problem } from '../api/problem.ts'
import type { Finding } from './conditions.ts'
import type { Judgement } from './judge-routes.ts'

/** Accepted: whether the route is valid, and what its author should know even if it is. */
export const accepted = ({ errors, warnings }: Judgement): Finding => {
  if (errors.length > 0)
    return { status: 'False', reason: reasons.invalid, message: errors.map(sentence).join(' ') }
  const notes = warnings.map(sentence)
  const message = ['The route is valid.', ...(notes.length > 0 ? ['Warnings:', ...notes] : [])].join(' ')
  return { status: 'True', reason: reasons.accepted, message }
}

/** Overridden: present only for a route that no request reaches. */
export const overridden = ({ overriddenBy, errors }: Judgement): Finding | undefined =>
  overriddenBy === undefined || errors.length > 0
    ? undefined
    : {
        status: 'True',
        reason: reasons.overridden,
        message: `No request reaches this route: ${overriddenBy} ranks before it and takes them all. Make its matches narrower than those of ${overriddenBy}, or remove one of the two.`,
      }

const sentence = ({ code, field, message, fix }: Problem): string => {
  const place = field === undefined || message.includes(field) ? '' : `${field}: `
  return `${code} ${place}${ended(message)}${fix === undefined ? '' : ` Fix: ${ended(fix)}`}`
}

const ended = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`)
