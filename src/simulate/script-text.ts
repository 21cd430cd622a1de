import { formatSpan } from './format-span.ts'
import {
  type DelayRange,
  defaultDelayMs,
  type Failure,
  type LegScript,
  type Rule,
  type When,
} from './script.ts'

/** What a leg was told to do, in words: `answers after 900ms (5%), else 20ms; fails: 503 (first 2)`. */
export const scriptText = ({ delays, failures }: LegScript = { delays: [], failures: [] }): string => {
  const slow = delays.map(rule => ruleText(rule, rangeText))
  const isOpen = !delays.some(({ when }) => when.kind === 'always')
  if (isOpen)
    slow.push(delays.length === 0 ? formatSpan(defaultDelayMs) : `else ${formatSpan(defaultDelayMs)}`)
  const fails = failures.map(rule => ruleText(rule, failureText))
  return [
    `answers after ${slow.join(', ')}`,
    ...(fails.length > 0 ? [`fails: ${fails.join(', ')}`] : []),
  ].join('; ')
}

const ruleText = <What>({ what, when }: Rule<What>, text: (what: What) => string): string =>
  text(what) + whenText(when)

const rangeText = ({ fromMs, toMs }: DelayRange): string =>
  fromMs === toMs ? formatSpan(fromMs) : `${formatSpan(fromMs)} to ${formatSpan(toMs)}`

const failureText = (failure: Failure): string =>
  failure.kind === 'status' ? String(failure.status) : failure.kind

const whenText = (when: When): string => {
  switch (when.kind) {
    case 'always':
      return ''
    case 'share':
      return ` (${when.percent}%)`
    case 'first':
      return ` (first ${when.count})`
    case 'between':
      return ` (${formatSpan(when.fromMs)} to ${formatSpan(when.toMs)})`
  }
}
