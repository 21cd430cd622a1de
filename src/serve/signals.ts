const signals = ['SIGTERM', 'SIGINT'] as const
type StopSignal = (typeof signals)[number]

/** As shells report a process that a signal ended: 128 and the number of the signal. */
const exitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Of a terminal SIGHUP says that it is gone, and ends the process; anywhere else it asks to read files again. */
const isOnTerminal = (): boolean => process.stdout.isTTY === true

/** npm, timeout and the like pass a signal on that the whole group of processes gets as well: one request, told twice. */
const echoMs = 50

const endStart = (): void => {
  process.stderr.write('fanout-relay: told to stop before it had started\n')
  process.exit(0)
}
const ignore = (): void => {}

/**
 * For the time before `untilStopped`: nothing has been begun that would have to be finished, so a signal ends the
 * process cleanly. Without a listener it would be a crash, and as process 1 of a container it would be lost.
 */
export const endStartOnSignal = (): void => {
  for (const signal of signals) process.on(signal, endStart)
  if (!isOnTerminal()) process.on('SIGHUP', ignore)
}

export interface SignalListeners {
  /** Told to stop again: the process ends as soon as this returns. */
  readonly onSecond: (signal: StopSignal) => void
  /** SIGHUP without a terminal: it stops nothing. */
  readonly onHangUp: () => void
}

/** Resolves at the first request to stop; the second, after a word with `onSecond`, ends the process at once. */
export const untilStopped = ({ onSecond, onHangUp }: SignalListeners): Promise<StopSignal> =>
  new Promise(resolve => {
    let toldAt = 0
    const end = (signal: StopSignal): void => {
      if (performance.now() - toldAt < echoMs) return
      onSecond(signal)
      process.exit(exitCodes[signal])
    }
    const stop = (signal: StopSignal): void => {
      toldAt = performance.now()
      for (const each of signals) replace(each, stop, end)
      resolve(signal)
    }
    for (const signal of signals) replace(signal, endStart, stop)
    if (!isOnTerminal()) replace('SIGHUP', ignore, onHangUp)
  })

type Listener = (signal: StopSignal) => void

/** The new one first: with the last listener Node forgets signals that have come but were not told yet. */
const replace = (signal: StopSignal | 'SIGHUP', old: Listener, next: Listener): void => {
  process.on(signal, next).off(signal, old)
}
