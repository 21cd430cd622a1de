import { RE2JS } from '@bufbuild/re2'
import type { PlannedMatch, ValueMatch } from '../plan/types.ts'
import { headerValue } from './header-value.ts'
import type { RequestHead } from './request-head.ts'

/** What a match asks beyond host and path. */
export type Condition = (head: RequestHead) => boolean

/** `undefined` when the match asks nothing more, which is the common case and costs nothing. */
export const compileConditions = (match: PlannedMatch): Condition | undefined => {
  const conditions: Condition[] = []
  const { method } = match
  if (method !== undefined) conditions.push(head => head.method === method)
  for (const header of match.headers) {
    const test = compileValue(header)
    conditions.push(head => {
      const value = headerValue(head.headers, header.name)
      return value !== undefined && test(value)
    })
  }
  for (const param of match.query) {
    const test = compileValue(param)
    conditions.push(head => {
      const value = queryValue(head.query, param.name)
      return value !== undefined && test(value)
    })
  }
  if (conditions.length <= 1) return conditions[0]
  return head => conditions.every(condition => condition(head))
}

/** RE2: linear time whatever the pattern and the input. */
export const compilePattern = (pattern: string): ((text: string) => boolean) => {
  const expression = new RE2JS(pattern)
  return text => expression.testExact(text)
}

const compileValue = ({ type, value }: ValueMatch): ((text: string) => boolean) =>
  type === 'Exact' ? text => text === value : compilePattern(value)

/** First parameter of that name; a broken encoding is compared as it stands. */
const queryValue = (query: string, name: string): string | undefined => {
  if (query === '') return undefined
  return new URLSearchParams(query).get(name) ?? undefined
}
