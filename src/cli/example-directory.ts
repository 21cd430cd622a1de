import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Where an example of the product is: two levels up from these sources in a checkout, one level up from the
 * bundle in a package.
 */
export const exampleDirectory = (name: string): string => {
  const candidates = ['../../examples/', '../examples/'].map(up =>
    fileURLToPath(new URL(`${up}${name}`, import.meta.url)),
  )
  const found = candidates.find(candidate => existsSync(candidate))
  if (found === undefined) throw new Error(`examples/${name} is missing from this installation`)
  return found
}
