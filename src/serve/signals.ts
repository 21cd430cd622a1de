const signals = ['SIGTERM', 'SIGINT'] as const
type StopSignal = (typeof signals)[number]

/** As shells report a process that a signal ended: 128 and the number of the signal. */
const exitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Resolves at the first request to stop; the second, after a word with `onSecond`, ends the process at once. */
export const untilStopped = (onSecond: (signal: StopSignal) => void): Promise<StopSignal> =>
  new Promise(resolve => {
    const end = (signal: StopSignal): void => {
      onSecond(signal)
      process.exit(exitCodes[signal])
    }
    const stop = (signal: StopSignal): void => {
      for (const each of signals) process.off(each, stop).on(each, end)
      resolve(signal)
    }
    for (const signal of signals) process.on(signal, stop)
  })
