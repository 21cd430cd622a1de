import type { ExchangeSummary, Observer } from '../../src/core/observer.ts'

/** An access log that wants every request, and keeps what it is told. */
export const accessLines = () => {
  const lines: ExchangeSummary[] = []
  const accessLog: NonNullable<Observer['accessLog']> = {
    wants: () => true,
    wantsLeg: () => false,
    exchange: line => lines.push(line),
    lateLeg: () => {},
  }
  return { lines, accessLog }
}
