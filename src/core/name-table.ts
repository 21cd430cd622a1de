/** Names that most messages carry; known in the usual spellings, they cost one look-up. */
const common = [
  'accept',
  'accept-language',
  'authorization',
  'cache-control',
  'content-type',
  'cookie',
  'date',
  'etag',
  'last-modified',
  'server',
  'set-cookie',
  'user-agent',
  'vary',
]

/** Tells what to do with a header field by its name, in any spelling; 0 for a name that is not listed. */
export const nameTable = (meanings: Readonly<Record<string, number>>): ((name: string) => number) => {
  const table = new Map<string, number>()
  const add = (name: string, meaning: number): void => {
    table.set(name, meaning)
    table.set(
      name.replace(/(^|-)[a-z]/g, letter => letter.toUpperCase()),
      meaning,
    )
  }
  for (const name of common) add(name, 0)
  for (const [name, meaning] of Object.entries(meanings)) add(name, meaning)
  return name => table.get(name) ?? table.get(name.toLowerCase()) ?? 0
}
