import type { Logger } from '../../src/core/logger.ts'

/** A logger of which only the warnings are kept. */
export const keepWarnings = (): { readonly warnings: unknown[]; readonly logger: Logger } => {
  const warnings: unknown[] = []
  const nothing = (): void => {}
  const warn = (fields: object): void => void warnings.push(fields)
  return { warnings, logger: { debug: nothing, info: nothing, warn, error: nothing } }
}
