import { InvalidValue, type Option } from './option.ts'

export type Header = readonly [name: string, value: string]

/** Headers of a request that a verb asks about. */
export const headerOption: Option<readonly Header[]> = {
  flag: 'header',
  short: 'H',
  value: "'NAME: VALUE'",
  repeatable: true,
  description: 'A header of the request.',
  default: '',
  read: given => given.map(readHeader),
}

const readHeader = (given: string): Header => {
  const parts = /^([^:\s]+):\s*(.*)$/.exec(given)
  if (!parts) throw new InvalidValue('NAME: VALUE', write => `write ${write("'x-tenant: acme'")}`)
  return [parts[1]!, parts[2]!]
}
