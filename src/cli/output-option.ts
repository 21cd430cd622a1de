import type { Option } from './option.ts'
import { choice } from './values.ts'

/** `-o text|json`, for verbs whose answer a program may want to read. */
export const outputOption: Option<'text' | 'json'> = {
  flag: 'output',
  short: 'o',
  value: 'FORMAT',
  description: 'text for people, json for programs.',
  default: 'text',
  read: choice('text', 'json'),
}

/** JSON on as many lines as a person needs. */
export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
