/**
 * Fields that a `Connection` header takes along by naming them (RFC 9110 §7.6.1); keep-alive and close name
 * none. `known` are those of an earlier line. `undefined` = none, which is the common case and allocates nothing.
 */
export const nominatedFields = (
  value: string,
  known: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined => {
  if (value === 'keep-alive' || value === 'close') return known
  const names = value
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '' && name !== 'keep-alive' && name !== 'close')
  return names.length === 0 ? known : new Set([...(known ?? []), ...names])
}
