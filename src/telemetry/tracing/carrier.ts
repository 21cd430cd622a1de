import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api'

/** Header pairs as the relay carries them: names and values alternating, names in any case. */
export const headerListGetter: TextMapGetter<readonly string[]> = {
  keys: headers => headers.filter((_, index) => index % 2 === 0).map(name => name.toLowerCase()),
  get: (headers, key) => {
    const values: string[] = []
    for (let index = 0; index + 1 < headers.length; index += 2) {
      if (headers[index]!.length === key.length && headers[index]!.toLowerCase() === key) {
        values.push(headers[index + 1]!)
      }
    }
    if (values.length === 0) return undefined
    // W3C Trace Context §3.2.1: with more than one there is no parent to trust. tracestate may be repeated.
    if (values.length > 1 && key === 'traceparent') return undefined
    return values.length === 1 ? values[0] : values
  },
}

export const headerListSetter: TextMapSetter<string[]> = {
  set: (headers, key, value) => {
    headers.push(key, value)
  },
}
