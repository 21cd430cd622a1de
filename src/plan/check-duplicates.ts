import type { RetrySpec } from '../api/fan-out-route.ts'
import type { FieldPath } from '../api/problem.ts'
import { excerpt, formatFieldPath } from '../api/problem.ts'
import type { Draft } from './draft.ts'
import type { Report } from './finding.ts'

/** FR0008: lists whose entries are told apart by name, in any case where headers are concerned. */
export const checkDuplicates = (draft: Draft, report: Report): void => {
  const check = (names: readonly (string | undefined)[] | undefined, path: FieldPath, key?: string): void => {
    const seen = new Set<string>()
    names?.forEach((name, i) => {
      if (name === undefined) return
      if (seen.has(name)) {
        report({
          code: 'FR0008',
          path: key === undefined ? [...path, i] : [...path, i, key],
          message: `${excerpt(name)} stands more than once in ${formatFieldPath(path)}`,
          fix: 'rename or remove one of them',
        })
      }
      seen.add(name)
    })
  }
  const checkHeaders = (list: readonly { readonly name: string }[] | undefined, path: FieldPath): void =>
    check(list && lowerNames(list), path, 'name')

  check(draft.hostnames, ['spec', 'hostnames'])
  draft.matches.forEach((match, i) => {
    checkHeaders(match?.headers, ['spec', 'matches', i, 'headers'])
    const params = match?.queryParams?.map(({ name }) => name)
    check(params, ['spec', 'matches', i, 'queryParams'], 'name')
  })
  const upstreams = draft.upstreams.map(upstream => upstream?.name)
  check(upstreams, ['spec', 'upstreams'], 'name')
  const checkRetry = (retry: RetrySpec | undefined, path: FieldPath): void => {
    check(retry?.codes?.map(String), [...path, 'retry', 'codes'])
    check(retry?.on, [...path, 'retry', 'on'])
  }
  checkRetry(draft.retry, ['spec'])
  draft.upstreams.forEach((upstream, i) => {
    checkRetry(upstream?.retry, ['spec', 'upstreams', i])
    const path = ['spec', 'upstreams', i, 'request', 'headers']
    const edits = upstream?.request?.headers
    checkHeaders(edits?.set, [...path, 'set'])
    checkHeaders(edits?.add, [...path, 'add'])
    const removed = edits?.remove?.map(name => name.toLowerCase())
    check(removed, [...path, 'remove'])
  })
}

const lowerNames = (list: readonly { readonly name: string }[]): string[] =>
  list.map(({ name }) => name.toLowerCase())
