import { type Clock, systemClock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { pause } from '../../kubernetes/pause.ts'
import type { ServedCertificate } from '../injector-options.ts'
import {
  type CaBundles,
  type CertificateSecret,
  caBundles,
  certificateSecret,
  type Requests,
  type StoredSecret,
} from './cluster-objects.ts'
import { bundleOf, type HeldCertificates, readHeld, withoutExpired, writeHeld } from './held.ts'
import { expiryOf } from './key-pair.ts'
import { type CertificatePolicy, defaultPolicy, nextStep } from './next-step.ts'

/** Where the webhook's certificate comes from. */
export interface Certificates {
  /** Follows it until `signal` is aborted; tells of every new one, the first included. Never rejects. */
  run(onCertificate: (certificate: ServedCertificate) => void, signal: AbortSignal): Promise<void>
  /** `fanout_injector_certificate_expiry_timestamp_seconds` is this in seconds; `undefined` = none yet. */
  expiresAt(): number | undefined
}

export interface CertificatesOptions {
  readonly client: Requests
  /** Of the installation: the Secret and the webhook's Service are in it. */
  readonly namespace: string
  /** Default `fanout-relay-injector`. */
  readonly serviceName?: string
  /** Default `fanout-relay-webhook-certificate`. */
  readonly secretName?: string
  /** Default `fanout-relay-injector`. */
  readonly webhookName?: string
  /** Only the leader makes certificates and writes; the others serve what they read. Asked before every write. */
  isLeader(): boolean
  readonly logger: Logger
  readonly policy?: CertificatePolicy
  readonly clock?: Clock
  /** Milliseconds since 1970. */
  readonly wallClock?: () => number
  /** Between two looks. Default 30 s. */
  readonly intervalMs?: number
}

/** After a look that failed. */
const retryMs = 5_000
/**
 * Who leads asks this often whether the bundle is still there: until it is, the API server refuses pods that opted
 * in. A watch would be told sooner, and would need one right more.
 */
const guardMs = 2_000
/** Who does not lead asks this often whether it does by now. */
const leadMs = 1_000
/** The longest way there is, from nothing to a leaf, with room for a writer who was faster. */
const maxSteps = 8

/** Certificates that the installation makes and replaces by itself: an authority, and the webhook's leaf. */
export const createCertificates = (options: CertificatesOptions): Certificates => {
  const { client, namespace, serviceName = 'fanout-relay-injector', isLeader, logger } = options
  const { policy = defaultPolicy, clock = systemClock, wallClock = Date.now, intervalMs = 30_000 } = options
  const secret: CertificateSecret = certificateSecret(
    client,
    namespace,
    options.secretName ?? 'fanout-relay-webhook-certificate',
  )
  const bundles: CaBundles = caBundles(client, options.webhookName ?? 'fanout-relay-injector')
  const dnsNames = [`${serviceName}.${namespace}.svc`, `${serviceName}.${namespace}.svc.cluster.local`]

  let remembered: HeldCertificates | undefined
  let served: ServedCertificate | undefined
  let seen: { readonly bundle: string; readonly since: number } | undefined

  const look = async (onCertificate: (certificate: ServedCertificate) => void): Promise<void> => {
    for (let step = 0; step < maxSteps; step++) {
      const stored = await secret.read()
      const held = stored && readHeld(stored.data)
      if (held) remembered = held
      // Whatever leaf is stored was signed by an authority that had been published before.
      serve(held, onCertificate)
      if (!isLeader() || !(await takeStep(stored, held))) return
    }
  }

  /** Resolves to whether anything was changed. */
  const takeStep = async (
    stored: StoredSecret | undefined,
    held: HeldCertificates | undefined,
  ): Promise<boolean> => {
    // A Secret that was deleted or spoilt under us is written back: its leaf is being served.
    if (!held && remembered) return save(remembered, stored, 'certificate Secret restored')
    const published = await bundles.read()
    if (published === undefined || published !== seen?.bundle)
      seen = published === undefined ? undefined : { bundle: published, since: clock.now() }
    const now = wallClock()
    const publishedForMs = seen ? clock.now() - seen.since : 0
    switch (nextStep({ held, now, dnsNames, published, publishedForMs }, policy)) {
      case 'make_authority': {
        // Loaded here because only the leader needs it, and rarely.
        const { makeAuthority } = await import('./make-certificates.ts')
        const authority = await makeAuthority({ now, notAfter: now + policy.authorityMs })
        const retired = held ? [held.authority.cert, ...held.retired] : []
        return save(
          withoutExpired({ authority, retired, leaf: held?.leaf }, now),
          stored,
          'certificate authority made',
        )
      }
      case 'forget_expired':
        return save(withoutExpired(held!, now), stored, 'expired certificate authority withdrawn')
      case 'publish': {
        if (!isLeader()) return false
        await bundles.write(bundleOf(held!))
        logger.info({}, 'caBundle written')
        return true
      }
      case 'make_leaf': {
        const { makeLeaf } = await import('./make-certificates.ts')
        const notAfter = Math.min(now + policy.leafMs, expiryOf(held!.authority.cert))
        const leaf = await makeLeaf(held!.authority, { now, notAfter, dnsNames })
        return save({ ...held!, leaf }, stored, 'webhook certificate made')
      }
      case 'nothing':
        return false
    }
  }

  const save = async (
    next: HeldCertificates,
    before: StoredSecret | undefined,
    what: string,
  ): Promise<boolean> => {
    if (!isLeader()) return false
    await secret.write(writeHeld(next), before)
    logger.info({ expiresAt: next.leaf && new Date(expiryOf(next.leaf.cert)).toISOString() }, what)
    return true
  }

  const serve = (
    held: HeldCertificates | undefined,
    onCertificate: (certificate: ServedCertificate) => void,
  ): void => {
    const leaf = held?.leaf
    if (!leaf || leaf.cert === served?.cert) return
    served = { ...leaf, expiresAt: expiryOf(leaf.cert) }
    onCertificate(served)
  }

  /** A bundle that cannot be read now is looked at again soon, and by the next look in any case. */
  const isBundleTouched = async (): Promise<boolean> => {
    const published = await bundles.read().catch(() => undefined)
    return published !== undefined && remembered !== undefined && published !== bundleOf(remembered)
  }

  /**
   * The leader looks sooner when somebody has written the bundle or made the configuration anew, unless the last look
   * has failed. A new leader looks at once: nobody may have looked after the bundle for as long as nobody led.
   */
  const untilDue = async (
    { waitMs, hasFailed }: { readonly waitMs: number; readonly hasFailed: boolean },
    signal: AbortSignal,
  ): Promise<void> => {
    const led = isLeader()
    const stepMs = led ? guardMs : leadMs
    const due = clock.now() + waitMs
    for (let left = waitMs; left > 0 && !signal.aborted && (led || !isLeader()); left = due - clock.now()) {
      await pause(Math.min(left, stepMs), clock, signal)
      if (signal.aborted || hasFailed || !led || !isLeader()) continue
      if (await isBundleTouched()) return
    }
  }

  return {
    expiresAt: () => served?.expiresAt,
    run: async (onCertificate, signal) => {
      while (!signal.aborted) {
        let waitMs = intervalMs
        let hasFailed = false
        try {
          await look(onCertificate)
        } catch (error) {
          waitMs = Math.min(retryMs, intervalMs)
          hasFailed = true
          // What is being served goes on being served.
          logger.warn({ err: error }, 'certificates could not be looked after; trying again')
        }
        // Until there is a certificate, the port is closed: a replica that waits for its leader looks often.
        waitMs = served ? waitMs * (0.9 + Math.random() * 0.2) : Math.min(waitMs, leadMs)
        await untilDue({ waitMs, hasFailed }, signal)
      }
    },
  }
}
