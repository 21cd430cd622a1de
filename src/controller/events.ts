import { randomBytes } from 'node:crypto'
import { reportingController } from '../api/labels.ts'
import { apiVersion, kind } from '../api/names.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import type { ControllerObserver } from './observer.ts'
import type { RouteObject } from './resources.ts'
import type { Transition } from './transitions.ts'

export interface EventsOptions {
  readonly client: ClusterClient
  /** Of this replica. */
  readonly identity: string
  readonly clock: Clock
  readonly logger: Logger
  readonly observer: Pick<ControllerObserver, 'event'>
  /** Events at once, after a quiet time. Default 50. */
  readonly burst?: number
  /** Events in the long run, a second. Default 5. */
  readonly perSecond?: number
}

/** What the API server takes. */
const maxNoteBytes = 1024

/** Sends events about routes. They are for people who look, so none is waited for and too many are left out. */
export class Events {
  readonly #options: Required<EventsOptions>
  #tokens: number
  #filledAt: number

  constructor(options: EventsOptions) {
    this.#options = { burst: 50, perSecond: 5, ...options }
    this.#tokens = this.#options.burst
    this.#filledAt = options.clock.now()
  }

  tell(route: RouteObject, transition: Transition): void {
    const { client, observer, logger } = this.#options
    const { namespace = '', name } = route.metadata
    logger.info({ route: `${namespace}/${name}`, reason: transition.reason }, 'route changed its state')
    if (!this.#take()) return observer.event('dropped')
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
    client.request({ method: 'POST', path, body: this.#eventOf(route, transition) }).then(
      () => observer.event('sent'),
      error => {
        observer.event('failed')
        logger.debug({ err: error, route: `${namespace}/${name}` }, 'an event could not be sent')
      },
    )
  }

  #take(): boolean {
    const { clock, burst, perSecond } = this.#options
    const now = clock.now()
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * perSecond)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  #eventOf({ metadata }: RouteObject, { type, reason, note }: Transition) {
    const { name, namespace, uid, resourceVersion } = metadata
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      // Names of routes have at most 63 characters, so this fits.
      metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      reportingController,
      reportingInstance: this.#options.identity.slice(0, 128),
      action: 'Reconcile',
      reason,
      type,
      note: cutTo(maxNoteBytes, note),
      regarding: { apiVersion, kind, name, namespace, uid, resourceVersion },
    }
  }
}

/** At the end of a character: half of one is no text. */
const cutTo = (maxBytes: number, text: string): string => {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
