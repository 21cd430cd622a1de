import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../core/clock.ts'
import type { InjectorOptions, ServedCertificate } from './injector-options.ts'
import { checkOptions } from './sidecar-options.ts'
import { webhookHandler } from './webhook/handler.ts'

/** The admission webhook. */
export interface Injector {
  /** Takes a certificate into use for new connections; those that are open go on. */
  useCertificate(certificate: ServedCertificate): void
  /** Resolves once the port is open. Rejects with the error of `listen`, or when there is no certificate yet. */
  listen(endpoint: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>
  /** True between `listen` and `close`. */
  ready(): boolean
  /** Answers end their connections from now on: the API server keeps its own open until somebody does. */
  drain(): void
  /** No new connections; reviews under way are answered, and whatever is still open after `graceMs` is cut. */
  close(graceMs?: number): Promise<void>
}

/** @throws InvalidOptions */
export const createInjector = (options: InjectorOptions): Injector => {
  checkOptions(options.sidecar)
  const { clock = systemClock } = options
  const handle = webhookHandler({ ...options, clock })
  let server: Server | undefined
  let certificate: ServedCertificate | undefined
  let draining = false

  return {
    drain: () => {
      draining = true
    },
    useCertificate: next => {
      certificate = next
      server?.setSecureContext({ ...secureContext, cert: next.cert, key: next.key })
    },
    listen: async ({ host, port }) => {
      if (!certificate) throw new Error('the webhook cannot listen before it has a certificate')
      const opening = createServer(
        { ...secureContext, ...timeouts, cert: certificate.cert, key: certificate.key },
        handle,
      )
      await new Promise<void>((resolve, reject) => {
        opening.once('error', reject)
        opening.listen({ host, port }, () => {
          opening.off('error', reject)
          resolve()
        })
      })
      // A connection that was busy when it was closed is idle only now.
      opening.on('request', (_, response) => {
        if (draining && !response.headersSent) response.setHeader('connection', 'close')
        response.once('close', () => {
          if (!opening.listening) opening.closeIdleConnections()
        })
      })
      server = opening
      return { port: (opening.address() as AddressInfo).port }
    },
    ready: () => server?.listening ?? false,
    close: async (graceMs = 5_000) => {
      const closing = server
      if (!closing) return
      const closed = new Promise(resolve => closing.close(resolve))
      const cancel = clock.after(graceMs, () => closing.closeAllConnections())
      await closed
      cancel()
    },
  }
}

const secureContext = { minVersion: 'TLSv1.2' } as const

const timeouts = {
  // API servers keep idle connections for 90 s; whoever closes one first must not be us, in the middle of a review.
  keepAliveTimeout: 120_000,
  headersTimeout: 4_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  handshakeTimeout: 4_000,
} as const
