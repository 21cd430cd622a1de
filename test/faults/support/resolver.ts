import dns, { type LookupAddress } from 'node:dns'

type Callback = (error: NodeJS.ErrnoException | null, found?: readonly LookupAddress[]) => void
export type Lookup = (name: string, callback: Callback) => void

const domain = '.faults.test'
const systemLookup = dns.lookup
const names = new Map<string, Lookup>()

/**
 * Stands between the relay and the system's resolver, at `dns.lookup`, which is where every connection of the
 * relay asks. Only names below `faults.test` are answered here.
 */
export const installResolver = (): (() => void) => {
  dns.lookup = ((name: string, options: dns.LookupOptions, callback: (...answer: unknown[]) => void) => {
    const lookup = names.get(name)
    if (!lookup) return systemLookup(name, options, callback)
    lookup(name, (error, found = []) => {
      if (error) callback(error)
      else if (options.all) callback(null, found)
      else callback(null, found[0]?.address, found[0]?.family)
    })
  }) as typeof dns.lookup
  return () => {
    dns.lookup = systemLookup
  }
}

export interface ScriptedName {
  readonly name: string
  forget(): void
}

let count = 0

export const scriptedName = (lookup: Lookup): ScriptedName => {
  const name = `n${++count}${domain}`
  names.set(name, lookup)
  return { name, forget: () => names.delete(name) }
}

/** Later, as a resolver answers. */
export const addresses =
  (...list: readonly string[]): Lookup =>
  (_name, callback) =>
    setImmediate(() =>
      callback(
        null,
        list.map(address => ({ address, family: 4 })),
      ),
    )

/** What getaddrinfo reports, with the codes and words of Node. */
export const resolverError =
  (code: string): Lookup =>
  (name, callback) =>
    setImmediate(() =>
      callback(
        Object.assign(new Error(`getaddrinfo ${code} ${name}`), {
          code,
          syscall: 'getaddrinfo',
          hostname: name,
        }),
      ),
    )

/** The system's own resolver, asked for a name that cannot exist (RFC 6761 §6.4). */
export const noSuchName: Lookup = (_name, callback) =>
  systemLookup('no-such-host.invalid', { all: true }, (error, found) => callback(error, found))

export const neverAnswers: Lookup = () => {}
