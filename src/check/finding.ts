import type { Severity } from '../api/problem.ts'
import { checkCode } from './codes.ts'

/** One thing in a cluster that is not as it should be. */
export interface CheckFinding {
  readonly severity: Severity
  /** Stable `FR02##`. */
  readonly code: string
  /** What it is about: `Deployment shop/checkout`. */
  readonly where: string
  /** What is wrong, on one line. */
  readonly message: string
  /** How to mend it, on one line. */
  readonly fix: string
  /** Page and anchor that explain it. */
  readonly docs: string
}

/** One thing that was looked at. With no findings and nothing skipped, it is as it should be. */
export interface CheckLine {
  /** What was looked at, as a sentence that holds when all is well. */
  readonly what: string
  readonly findings: readonly CheckFinding[]
  /** Why it could not be looked at; `undefined` = it was. */
  readonly skipped?: string
}

export interface CheckSection {
  readonly title: string
  readonly lines: readonly CheckLine[]
}

interface Particulars {
  readonly where: string
  readonly message: string
  /** Default: what holds for every case. */
  readonly fix?: string
}

/** @throws Error for a code that is not registered: a defect */
export const finding = (code: string, { where, message, fix }: Particulars): CheckFinding => {
  const entry = checkCode(code)
  return {
    severity: entry.severity,
    code,
    where: oneLine(where),
    message: oneLine(message),
    fix: oneLine(fix ?? asHint(entry.fix)),
    docs: `docs/kubernetes/check.md#${code.toLowerCase()}`,
  }
}

/** It is as it should be. */
export const ok = (what: string): CheckLine => line(what, [])

/** `what` holds unless there are findings. */
export const line = (what: string, findings: readonly CheckFinding[]): CheckLine => ({
  what: oneLine(what),
  findings,
})

/** It could not be looked at. */
export const skipped = (what: string, why: string): CheckLine => ({ ...ok(what), skipped: oneLine(why) })

/** A sentence of the documentation as the end of a line. */
const asHint = (fix: string): string =>
  `${fix.charAt(0).toLowerCase()}${fix.slice(1)}`.replaceAll('`', '').replace(/\.$/, '')

/** Texts come from a cluster, where anybody may have written them: nothing in them moves a cursor. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]+/gu, ' ').trim()

/** `3 pods`, `1 pod` */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
