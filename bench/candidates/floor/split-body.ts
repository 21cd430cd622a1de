import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

const shadowLagBytes = 256 * 1024

/** One source feeding a stream per leg: awaited legs hold the source back, a shadow that lags is dropped. */
export function splitBody(source: IncomingMessage, mode: string): [Readable, Readable | null] {
  const resume = () => {
    if (awaited.every(leg => leg.wants || leg.destroyed)) source.resume()
  }
  const first = new Leg(resume)
  const second = mode === 'single' ? null : new Leg(resume)
  const awaited = mode === 'aggregate' && second ? [first, second] : [first]
  const shadow = mode === 'shadow' ? second : null

  source.on('data', (chunk: Buffer) => {
    for (const leg of awaited) leg.give(chunk)
    if (shadow && !shadow.destroyed) {
      if (shadow.readableLength + chunk.length > shadowLagBytes) shadow.destroy(new Error('the shadow lags'))
      else shadow.give(chunk)
    }
    if (!awaited.every(leg => leg.wants || leg.destroyed)) source.pause()
  })
  // Attaching 'data' starts the flow; nothing is to be read before the awaited legs are connected.
  source.pause()
  source.on('end', () => {
    for (const leg of [first, second]) if (leg && !leg.destroyed) leg.push(null)
  })
  return [first, second]
}

class Leg extends Readable {
  wants = false
  readonly #onWant: () => void

  constructor(onWant: () => void) {
    super({ highWaterMark: 65_536 })
    this.#onWant = onWant
  }

  override _read(): void {
    this.wants = true
    this.#onWant()
  }

  give(chunk: Buffer): void {
    if (!this.destroyed) this.wants = this.push(chunk)
  }
}
