import { always, type DelayRange, type Failure, type Rule, type When } from '../simulate/script.ts'
import { InvalidValue } from './option.ts'
import { milliseconds } from './values.ts'

/** A rule of `--delay` or `--fail`, and the leg it is for, which may turn out not to exist. */
export interface LegRule<What> {
  readonly leg: string
  readonly rule: Rule<What>
  /** As it was given. */
  readonly text: string
}

/** `inventory=900ms`, `inventory=100ms..900ms`, each with `:10%`, `:first2` or `:1s..3s` behind it. */
export const readDelay = (text: string): LegRule<DelayRange> => readRule(text, 'inventory=900ms', delayRange)

/** `crm=503`, `crm=reset`, `crm=hang`, each with `:30%`, `:first2` or `:1s..3s` behind it; `crm=refused`. */
export const readFailure = (text: string): LegRule<Failure> => {
  const found = readRule(text, 'crm=503', failure)
  if (found.rule.what.kind !== 'refused' || found.rule.when.kind === 'always') return found
  throw new InvalidValue(
    'refused without share, count or time: a closed port refuses every connection',
    write => `write ${write(`${found.leg}=refused`)}, or ${write(text.replace('refused', 'reset'))}`,
  )
}

const readRule = <What>(text: string, example: string, read: (text: string) => What): LegRule<What> => {
  const parts = /^([^=]+)=([^:]+)(?::(.*))?$/s.exec(text)
  if (!parts)
    throw new InvalidValue(
      'LEG=VALUE, LEG being the name of an upstream',
      write => `write for example ${write(example)}`,
    )
  const [, leg, what, when] = parts
  return { leg: leg!, rule: { what: read(what!), when: when === undefined ? always : readWhen(when) }, text }
}

const delayRange = (text: string): DelayRange => {
  const { fromMs, toMs } = durations(text) ?? { fromMs: duration(text), toMs: duration(text) }
  if (toMs > longestDelayMs)
    throw new InvalidValue('a delay of at most 60s', 'for no answer at all write --fail LEG=hang')
  return { fromMs, toMs }
}

const longestDelayMs = 60_000

const failure = (text: string): Failure => {
  if (text === 'reset' || text === 'hang' || text === 'refused') return { kind: text }
  if (/^[2-5][0-9]{2}$/.test(text)) return { kind: 'status', status: Number(text) }
  throw new InvalidValue(
    'a status from 200 to 599, reset, hang or refused',
    write =>
      `write for example ${write('crm=503')}, ${write('crm=reset')}, ${write('crm=hang')} or ${write('crm=refused')}`,
  )
}

const readWhen = (text: string): When => {
  const percent = /^([0-9]{1,3}(?:\.[0-9]{1,3})?)%$/.exec(text)?.[1]
  if (percent !== undefined) {
    if (Number(percent) > 0 && Number(percent) <= 100) return { kind: 'share', percent: Number(percent) }
    throw new InvalidValue('a share above 0% and up to 100%', 'leave out what is never to happen')
  }
  const count = /^first([0-9]{1,6})$/.exec(text)?.[1]
  if (count !== undefined) {
    if (Number(count) > 0) return { kind: 'first', count: Number(count) }
    throw new InvalidValue('first and a number of at least 1', 'write for example first1')
  }
  const between = durations(text)
  if (between) return { kind: 'between', ...between }
  throw new InvalidValue(
    'followed by a share (30%), a count (first2) or a time (1s..3s) after the colon',
    write =>
      `write for example ${write('crm=503:30%')}, ${write('crm=503:first2')} or ${write('crm=503:1s..3s')}`,
  )
}

/** `100ms..900ms`; `undefined` for what is no range at all. */
const durations = (text: string): { readonly fromMs: number; readonly toMs: number } | undefined => {
  const parts = /^(.*?)\.\.(.*)$/.exec(text)
  if (!parts) return undefined
  const range = { fromMs: duration(parts[1]!), toMs: duration(parts[2]!) }
  if (range.toMs > range.fromMs) return range
  throw new InvalidValue('a range that grows, such as 100ms..900ms', `write ${parts[2]}..${parts[1]}`)
}

const duration = (text: string): number => {
  try {
    return milliseconds([text])
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    throw new InvalidValue(error.message, `write for example 900ms instead of ${text || 'nothing'}`)
  }
}
