import { excerpt, type FieldPath, formatFieldPath } from '../api/problem.ts'
import type { OtherReading, RouteResource } from '../api/snapshot.ts'
import { type Finding, isError } from './finding.ts'
import { readPath } from './read-path.ts'

/**
 * What kubectl would take for something else. Fields with an error are mended anyway. A key costs a route that is
 * meant for a cluster (FR0009), where it would be another field; to a relay that reads files it is what it looks like,
 * so that it gets a warning there, as values do everywhere (FR0128).
 */
export const readingFindings = (
  { object, otherReadings = [] }: RouteResource,
  found: readonly Finding[],
  { inCluster }: { readonly inCluster: boolean },
): readonly Finding[] => {
  if (otherReadings.length === 0) return []
  const errors = found.filter(isError)
  const places = (of: OtherReading['of']) =>
    new Set(
      errors
        .filter(({ code }) => of === 'value' || code === 'FR0002')
        .map(({ path }) => formatFieldPath(path)),
    )
  const mended = { key: places('key'), value: places('value') }
  return otherReadings
    .filter(({ path, of }) => !mended[of].has(formatFieldPath(path)))
    .map(reading => (reading.of === 'key' ? aboutKey(reading, inCluster) : aboutValue(reading, object)))
}

const aboutKey = ({ path, written, kubectl }: OtherReading, inCluster: boolean): Finding => ({
  code: inCluster ? 'FR0009' : 'FR0128',
  path,
  message: `kubectl reads the key ${excerpt(written)} as ${kubectl} unless it is quoted`,
  fix: `put quotes around it: "${excerpt(written)}"`,
})

const aboutValue = ({ path, written, kubectl }: OtherReading, object: unknown): Finding => {
  const value = readPath(object, path)
  const isText = typeof value === 'string'
  const quoted = isShowable(path, kubectl) ? `: "${excerpt(written)}"` : ''
  return {
    code: 'FR0128',
    path,
    message: isShowable(path, kubectl)
      ? `kubectl reads ${excerpt(written)} as ${kubectl}, the relay ${isText ? 'as text' : `as ${value}`}`
      : 'kubectl reads this value as a number, the relay as text',
    fix: isText ? `put quotes around it${quoted}` : `write ${value}, or ${kubectl} if you meant that`,
  }
}

/** Header values may hold secrets, though hardly one that reads yes or off. */
const isShowable = (path: FieldPath, kubectl: boolean | number): boolean =>
  typeof kubectl === 'boolean' || path.at(-1) !== 'value'
