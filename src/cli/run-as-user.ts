import { InvalidValue } from './option.ts'

/** What Kubernetes takes for the number of a user. */
const largest = 2 ** 31 - 1

/** A user of injected relays: 1 to 2147483647, or `none` = whom the cluster chooses. */
export const runAsUser = ([text = '']: readonly string[]): number | 'none' => {
  if (text === 'none') return text
  const id = Number(text)
  if (!/^[0-9]{1,10}$/.test(text) || id < 1 || id > largest)
    throw new InvalidValue(`a number from 1 to ${largest}, which is not root, or none`)
  return id
}
