import type { MatchSpec } from '../api/fan-out-route.ts'
import { excerpt, type FieldPath } from '../api/problem.ts'
import { connectionHeaders } from './connection-headers.ts'
import type { Report } from './finding.ts'
import { compilePattern, isUnderPrefix, normalizePrefix } from './match.ts'
import type { PlannedMatch, ValueMatch } from './types.ts'

/** Paths below are the relay's own and never matched. */
export const reservedPrefix = '/-/fanout'

/** One match in the form the relay compares with. Reports patterns that are no RE2. */
export const planMatch = (match: MatchSpec, path: FieldPath, report: Report): PlannedMatch => {
  const { type, value } = match.path
  if (type === 'RegularExpression') checkPattern(value, [...path, 'path', 'value'], report)
  else checkLiteral(value, [...path, 'path', 'value'], report)
  checkHeaders(match.headers, [...path, 'headers'], report)
  return {
    method: match.method,
    path: { type, value: type === 'PathPrefix' ? normalizePrefix(value) : value },
    headers: planValues(match.headers, [...path, 'headers'], report).map(header => ({
      ...header,
      name: header.name.toLowerCase(),
    })),
    query: planValues(match.queryParams, [...path, 'queryParams'], report),
  }
}

/** FR0049: what is taken away before a route is asked can never match. */
const checkHeaders = (headers: readonly ValueMatch[] | undefined, path: FieldPath, report: Report): void =>
  headers?.forEach(({ name }, i) => {
    const field = name.toLowerCase()
    if (!connectionHeaders.has(field) && field !== shadowMark) return
    report({
      code: 'FR0049',
      path: [...path, i, 'name'],
      message: `${field} is not among the headers a route can match`,
      fix: field === 'host' ? 'use spec.hostnames' : 'remove it',
    })
  })

/** Says to a shadow that it is one; a caller that sends it is not believed. */
const shadowMark = 'x-fanout-role'

const planValues = (
  values: readonly ValueMatch[] | undefined,
  path: FieldPath,
  report: Report,
): readonly ValueMatch[] =>
  (values ?? []).map(({ type, name, value }, i) => {
    if (type === 'RegularExpression') checkPattern(value, [...path, i, 'value'], report)
    return { type, name, value }
  })

const checkPattern = (pattern: string, path: FieldPath, report: Report): void => {
  try {
    compilePattern(pattern)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : 'unknown'
    report({
      code: 'FR0041',
      path,
      message: `not a regular expression of RE2: ${excerpt(reason)}`,
      fix: 'RE2 has no look-around and no back-references; rewrite the pattern without',
    })
  }
}

const checkLiteral = (value: string, path: FieldPath, report: Report): void => {
  if (value.includes('*')) {
    report({
      code: 'FR0115',
      path,
      message: '* is taken literally here',
      fix: `PathPrefix takes everything below it: write ${value.replace(/\/?\*.*$/, '') || '/'}, or use RegularExpression`,
    })
  }
  if (isUnderPrefix(value, reservedPrefix)) {
    report({
      code: 'FR0116',
      path,
      message: `the relay keeps ${reservedPrefix}/ for itself, so nothing will ever match`,
      fix: 'use another path',
    })
  }
}
