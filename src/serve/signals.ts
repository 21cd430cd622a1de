const signals = ['SIGTERM', 'SIGINT'] as const

/** Resolves at the first request to stop; the second ends the process at once. */
export const untilStopped = (): Promise<NodeJS.Signals> =>
  new Promise(resolve => {
    for (const signal of signals) {
      process.once(signal, () => {
        for (const second of signals)
          process.once(second, () => process.exit(second === 'SIGINT' ? 130 : 143))
        resolve(signal)
      })
    }
  })
