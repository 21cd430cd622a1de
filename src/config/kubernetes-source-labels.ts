import { readFile } from 'node:fs/promises'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Labels } from './workload-selector.ts'

/** The kubelet itself takes up to a minute. */
const pollMs = 2_000

/** The pod's own labels, from a downward API volume, read again while the pod lives. */
export class PodLabels {
  readonly #file: string | undefined
  readonly #clock: Clock
  readonly #logger: Logger | undefined
  #text = ''
  #labels: Labels = {}
  #isMissing = false

  /** Without a file there are no labels: only routes that select every workload are taken. */
  constructor(file: string | undefined, clock: Clock, logger: Logger | undefined) {
    this.#file = file
    this.#clock = clock
    this.#logger = logger
  }

  get current(): Labels {
    return this.#labels
  }

  /** Looks at the file now. True when the labels changed; a file that is gone leaves the last ones. */
  async read(): Promise<boolean> {
    if (this.#file === undefined) return false
    let text: string
    try {
      text = await readFile(this.#file, 'utf8')
    } catch (err) {
      if (!this.#isMissing)
        this.#logger?.warn(
          { file: this.#file, err },
          'the labels of the pod cannot be read; the last ones stay in use',
        )
      this.#isMissing = true
      return false
    }
    this.#isMissing = false
    if (text === this.#text) return false
    this.#text = text
    this.#labels = parseLabels(text)
    return true
  }

  /** Calls back after every change, until the signal aborts. */
  follow(onChange: () => void, signal: AbortSignal): void {
    if (this.#file === undefined) return
    const look = async (): Promise<void> => {
      if ((await this.read()) && !signal.aborted) onChange()
      if (!signal.aborted) arm()
    }
    let cancel = (): void => {}
    const arm = (): void => {
      cancel = this.#clock.after(pollMs, () => void look())
    }
    signal.addEventListener('abort', () => cancel(), { once: true })
    arm()
  }
}

/** Lines of `key="value"`, the value quoted as Go does; values of labels need no escapes but are decoded all the same. */
export const parseLabels = (text: string): Labels => {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>
  for (const line of text.split('\n')) {
    const found = /^([^=]+)=(".*")$/.exec(line)
    if (!found) continue
    try {
      labels[found[1]!] = String(JSON.parse(found[2]!))
    } catch {
      // An escape that JSON has not (`\x00`): no value of a label can hold it.
    }
  }
  return labels
}
