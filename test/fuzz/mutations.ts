import fc from 'fast-check'

/** One change to a text; positions are shares of its length, so that they fit whatever came before. */
export type Mutation =
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'replace'; readonly at: number; readonly byte: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number }

/** What parsers disagree about. */
const tokens = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '\x0b',
  '\xff',
  '0',
  '-',
  '+',
  '0x',
  '0\r\n\r\n',
  'chunked, ',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Connection: close\r\n',
  'Connection: Content-Length\r\n',
  'Host: b\r\n',
  'Upgrade: h2c\r\n',
  ' folded\r\n',
  'HTTP/1.1 200 OK\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
]

const at = fc.double({ min: 0, max: 1, noNaN: true })

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), at, text: fc.constantFrom(...tokens) }),
  fc.record({ kind: fc.constant('remove' as const), at, length: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('replace' as const), at, byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at, length: fc.integer({ min: 1, max: 40 }) }),
)

/** `seed` with up to four changes. */
export const mutated = (seed: string): fc.Arbitrary<string> =>
  fc.array(mutation, { maxLength: 4 }).map(changes => changes.reduce(apply, seed))

const apply = (text: string, change: Mutation): string => {
  const i = Math.floor(change.at * text.length)
  switch (change.kind) {
    case 'insert':
      return text.slice(0, i) + change.text + text.slice(i)
    case 'remove':
      return text.slice(0, i) + text.slice(i + change.length)
    case 'replace':
      return text.slice(0, i) + String.fromCharCode(change.byte) + text.slice(i + 1)
    case 'repeat':
      return text.slice(0, i + change.length) + text.slice(i)
  }
}

/** Raised by whoever wants to search longer: `FUZZ_RUNS=100000 vitest run test/fuzz`. */
export const fuzzRuns = (normally: number): number => Number(process.env['FUZZ_RUNS'] ?? normally)
