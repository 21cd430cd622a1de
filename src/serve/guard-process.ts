import type { Observer } from '../core/observer.ts'

/**
 * A throw that reached the top is a defect of the relay. It has cost one request at most; ending the process
 * would cost all that are in flight. It is counted and logged with its stack: `fanout_defects_total` above
 * zero is a bug to report.
 */
export const guardProcess = (observer: Observer): void => {
  process.on('uncaughtException', error => observer.defect(error, ''))
  process.on('unhandledRejection', reason => observer.defect(reason, ''))
}
