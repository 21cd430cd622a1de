import type { CheckFinding, CheckSection } from './finding.ts'

/** The answer of `check -o json`. Fields are added in time, never renamed or removed. */
export interface CheckReport {
  /** Address of the API server; '' = none is known. */
  readonly server: string
  /** The namespace that was looked at; `null` = all; absent = it did not come to that. */
  readonly namespace?: string | null
  /** Of this program. */
  readonly version: string
  readonly sections: readonly CheckSection[]
  readonly findings: readonly CheckFinding[]
  readonly errors: number
  readonly warnings: number
  /** Things that could not be looked at. */
  readonly skipped: number
}

type Heading = Pick<CheckReport, 'server' | 'namespace' | 'version'>

/** Counts what the sections say. */
export const checkReport = (heading: Heading, sections: readonly CheckSection[]): CheckReport => {
  const lines = sections.flatMap(section => section.lines)
  const findings = lines.flatMap(line => line.findings)
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return {
    ...heading,
    sections,
    findings,
    errors,
    warnings: findings.length - errors,
    skipped: lines.filter(line => line.skipped !== undefined).length,
  }
}
