import type { HeaderList } from '../core/call.ts'

/** Value of a field in a flat list; repeated fields are joined as RFC 9110 §5.3 allows. `name` in lower case. */
export const headerValue = (headers: HeaderList, name: string): string | undefined => {
  let value: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const candidate = headers[i]!
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue
    value = value === undefined ? headers[i + 1]! : `${value}, ${headers[i + 1]}`
  }
  return value
}
