import type { Faulty } from '../row.ts'
import { addresses, type Lookup, scriptedName } from './resolver.ts'
import { startScripted } from './scripted.ts'

interface NamedOptions {
  /** Makes what a name leads to while the fault lasts; it listens on the port of the one that is well. */
  readonly fault: (port: number) => Promise<{ readonly lookup: Lookup; close?(): unknown }>
}

/** An upstream behind a name that leads elsewhere, or nowhere, while the fault lasts. */
export const startNamed = async ({ fault }: NamedOptions): Promise<Faulty> => {
  const well = await startScripted(() => {})
  const port = Number(new URL(well.url).port)
  const { lookup, close } = await fault(port)
  const right = addresses('127.0.0.1')
  let left = 0
  const { name, forget } = scriptedName((asked, callback) => {
    if (left > 0) {
      left--
      lookup(asked, callback)
    } else right(asked, callback)
  })
  return {
    url: `http://${name}:${port}`,
    requests: well.requests,
    openSockets: well.openSockets,
    arm: times => {
      left = times
    },
    heal: () => {
      left = 0
    },
    close: async () => {
      forget()
      await close?.()
      await well.close()
    },
  }
}

/** An upstream whose name leads to these addresses while the fault lasts. */
export const startAt = (...list: readonly string[]): Promise<Faulty> =>
  startNamed({ fault: async () => ({ lookup: addresses(...list) }) })

/** An upstream whose name is looked up like this while the fault lasts. */
export const startLookup = (lookup: Lookup): Promise<Faulty> =>
  startNamed({ fault: async () => ({ lookup }) })
