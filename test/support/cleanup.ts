import { afterEach } from 'vitest'

interface Closable {
  close(): unknown
}

/** Closes what a test opened, last first. */
export const closing = (): (<T extends Closable>(thing: T) => T) => {
  const open: Closable[] = []
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close()
  })
  return thing => {
    open.push(thing)
    return thing
  }
}
