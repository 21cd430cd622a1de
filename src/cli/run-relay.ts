import type { RelayConfig } from './config.ts'
import type { Io } from './io.ts'

/** Runs a relay to its end. A port that cannot be opened is reported, with exit code 1. */
export const runRelay = async (config: RelayConfig, io: Io): Promise<number> => {
  // Only verbs that run a relay pay for loading one.
  const { serve } = await import('../serve.ts')
  try {
    return await serve(config)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ListenError') throw error
    io.stderr(`fanout-relay: ${error.message}\n`)
    return 1
  }
}
