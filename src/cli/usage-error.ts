/** The command line cannot be carried out as it is. Ends the process with exit code 2. */
export class UsageError extends Error {
  /** How to mend it, on one line. */
  readonly fix: string
  readonly why: string | undefined

  constructor(what: string, { why, fix }: { readonly why?: string; readonly fix: string }) {
    super(what)
    this.why = why
    this.fix = fix
  }
}

/** What, why, fix: each on its line. */
export const formatUsageError = ({ message, why, fix }: UsageError): string =>
  [`fanout-relay: ${message}`, ...(why ? [`  why: ${why}`] : []), `  fix: ${fix}`, ''].join('\n')
