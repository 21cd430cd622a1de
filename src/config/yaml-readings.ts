/**
 * What kubectl and every other Go client make of a plain scalar: they read YAML 1.1, where the relay reads 1.2.
 * `undefined` = a text to them, or null, which is the same in both.
 *
 * Source: `resolve` of go.yaml.in/yaml/v2, which sigs.k8s.io/yaml uses.
 */
export const kubectlReads = (written: string): boolean | number | undefined => {
  if (trueWords.has(written)) return true
  if (falseWords.has(written)) return false
  if (!/^[-+]?\.?[0-9_]/.test(written) || /^(_|\._)/.test(written)) return undefined
  const plain = written.replaceAll('_', '')
  const negative = plain.startsWith('-')
  const digits = plain.replace(/^[-+]/, '')
  const form = integers.find(({ pattern }) => pattern.test(digits))
  if (form === undefined) return float.test(plain) ? Number(plain) : undefined
  const value = Number.parseInt(digits.slice(form.prefix), form.base)
  return negative ? -value : value
}

const inThreeCases = (words: readonly string[]): ReadonlySet<string> =>
  new Set(words.flatMap(word => [word, word[0]!.toUpperCase() + word.slice(1), word.toUpperCase()]))

const trueWords = inThreeCases(['y', 'yes', 'true', 'on'])
const falseWords = inThreeCases(['n', 'no', 'false', 'off'])

const integers = [
  { pattern: /^0x[0-9a-f]+$/i, prefix: 2, base: 16 },
  { pattern: /^0b[01]+$/i, prefix: 2, base: 2 },
  { pattern: /^0o[0-7]+$/i, prefix: 2, base: 8 },
  { pattern: /^0[0-7]+$/, prefix: 1, base: 8 },
]
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
