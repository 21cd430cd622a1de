import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { pause } from '../../kubernetes/pause.ts'
import type { ServedCertificate } from '../injector-options.ts'
import type { Certificates } from './create-certificates.ts'
import { expiryOf, isKeyPair } from './key-pair.ts'

export interface MountedCertificateOptions {
  /** Where the Secret is mounted: `tls.crt` and `tls.key` are in it. */
  readonly directory: string
  readonly logger: Logger
  readonly clock?: Clock
  /** Between two looks. Default 30 s. */
  readonly intervalMs?: number
}

/** A certificate that another, such as cert-manager, makes, renews and publishes; here it is only read. */
export const mountedCertificate = ({
  directory,
  logger,
  clock = systemClock,
  intervalMs = 30_000,
}: MountedCertificateOptions): Certificates => {
  let served: ServedCertificate | undefined

  const look = async (): Promise<ServedCertificate | undefined> => {
    const [cert, key] = await Promise.all([
      readFile(join(directory, 'tls.crt'), 'utf8'),
      readFile(join(directory, 'tls.key'), 'utf8'),
    ])
    if (cert === served?.cert && key === served.key) return undefined
    // The two files are replaced together, but may be read one before and one after that.
    if (!isKeyPair({ cert, key }))
      throw new Error(`tls.crt and tls.key in ${directory} do not belong together`)
    return { cert, key, expiresAt: expiryOf(cert) }
  }

  return {
    expiresAt: () => served?.expiresAt,
    run: async (onCertificate, signal) => {
      while (!signal.aborted) {
        try {
          const next = await look()
          if (next) {
            served = next
            onCertificate(next)
          }
        } catch (error) {
          logger.warn({ err: error }, 'the mounted certificate cannot be read; the one before stays in use')
        }
        await pause(served ? intervalMs : Math.min(intervalMs, 1_000), clock, signal)
      }
    },
  }
}
