import type { HeaderList } from '../core/call.ts'

/** A copy of the list without the fields of these names, which are in lower case. */
export const withoutFields = (headers: HeaderList, names: ReadonlySet<string>): string[] => {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2)
    if (!names.has(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!)
  return kept
}
