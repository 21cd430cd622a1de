import { randomBytes } from 'node:crypto'
import { reportingController } from '../api/labels.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { ClusterClient } from '../kubernetes/api-client.ts'
import type { ControllerObserver } from './observer.ts'
import type { Regarding } from './regarding.ts'
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

/** Sends events. They are for people who look, so none is waited for and too many are left out. */
export class Events {
  readonly #options: Required<EventsOptions>
  #tokens: number
  #filledAt: number

  constructor(options: EventsOptions) {
    this.#options = { burst: 50, perSecond: 5, ...options }
    this.#tokens = this.#options.burst
    this.#filledAt = options.clock.now()
  }

  /** False when it was left out. */
  tell(regarding: Regarding, transition: Transition): boolean {
    const { client, observer, logger } = this.#options
    const { kind, namespace, name } = regarding
    if (!this.#take()) {
      observer.event('dropped')
      return false
    }
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
    client.request({ method: 'POST', path, body: this.#eventOf(regarding, transition) }).then(
      () => observer.event('sent'),
      error => {
        observer.event('failed')
        logger.debug({ err: error, regarding: `${kind} ${namespace}/${name}` }, 'an event could not be sent')
      },
    )
    return true
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

  #eventOf(regarding: Regarding, { type, reason, note }: Transition) {
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: eventName(regarding.name), namespace: regarding.namespace },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      reportingController,
      reportingInstance: this.#options.identity.slice(0, 128),
      action: 'Reconcile',
      reason,
      type,
      note: cutTo(maxNoteBytes, note),
      regarding,
    }
  }
}

/** Of names in general; the end makes an event differ from others about the same object. */
const maxName = 253

const eventName = (name: string): string => {
  const end = `.${randomBytes(8).toString('hex')}`
  // What stands before a dot ends in a letter or a digit.
  return `${name.slice(0, maxName - end.length).replace(/[.-]+$/, '')}${end}`
}

/** At the end of a character: half of one is no text. */
const cutTo = (maxBytes: number, text: string): string => {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
