import { envName, type Option } from './option.ts'
import type { VerbText } from './verb.ts'

/** The answer to `fanout-relay VERB --help`. */
export const renderVerbHelp = (verb: VerbText): string => {
  const options = Object.values(verb.options)
  const usage = ['fanout-relay', verb.name, verb.arguments, options.length > 0 ? '[options]' : '']
  return [
    `${verb.summary}.`,
    '',
    `Usage: ${usage.filter(part => part !== '').join(' ')}`,
    ...(verb.description.length > 0 ? ['', ...verb.description] : []),
    ...(options.length > 0
      ? ['', 'Options (each has a twin in the environment):', ...options.flatMap(optionLines)]
      : []),
    ...(verb.examples.length > 0 ? ['', 'Examples:', ...verb.examples.flatMap(exampleLines)] : []),
    '',
  ].join('\n')
}

const optionLines = (option: Option<unknown>): readonly string[] => {
  const short = option.short ? `-${option.short}, ` : ''
  const value = option.value ? ` ${option.value}` : ''
  const facts = [envName(option.flag), ...defaultFact(option)]
  return [`  ${short}--${option.flag}${value}`, `      ${option.description}`, `      ${facts.join(', ')}`]
}

const defaultFact = (option: Option<unknown>): readonly string[] => {
  const fallback = defaultOf(option)
  return fallback === '' ? [] : [`default ${fallback}`]
}

/** The default as documentation shows it, the same on every machine. */
export const defaultOf = ({ default: fallback, defaultText }: Option<unknown>): string =>
  defaultText ?? (typeof fallback === 'string' ? fallback : '')

const exampleLines = ([command, effect]: readonly [string, string]): readonly string[] => [
  `  ${command}`,
  `      ${effect}`,
]
