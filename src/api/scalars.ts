import * as z from 'zod'

// zod would otherwise generate code and evaluate it, which a hardened process must not do.
z.config({ jitless: true })

/** Gateway API duration (GEP-2257): `1h30m`, `250ms`; `0s` switches a timeout off. There is no `d`: write `168h`. */
export const duration = () =>
  z
    .string()
    .max(32)
    .regex(
      /^([0-9]{1,5}(h|m|s|ms)){1,4}$/,
      'must be a duration such as 250ms, 2s or 1h30m; days are written in hours (168h)',
    )

/** Kubernetes quantity for sizes in bytes: `512Ki`, `1Mi`, `65536`. */
export const byteSize = () =>
  z
    .string()
    .max(20)
    .regex(
      /^[1-9][0-9]{0,11}(Ki|Mi|Gi|k|M|G)?$/,
      'must be a size such as 65536, 512Ki or 1Mi: a whole number, with Ki, Mi, Gi, k, M, G or nothing behind it',
    )

/** RFC 1123 label: what Kubernetes allows for names of Services. */
export const dnsLabel = () =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
      'must be lower-case letters, digits and dashes, such as orders-v2',
    )

/** RFC 9110 §5.6.2 token. */
export const headerName = () =>
  z
    .string()
    .min(1)
    .max(256)
    .regex(
      /^[A-Za-z0-9!#$%&'*+\-.^_|~]+$/,
      'must be a header name such as x-tenant, without spaces and colons',
    )

/** Visible characters, spaces and tabs only, so that no value can start another header (RFC 9110 §5.5). */
export const headerValue = () =>
  z
    .string()
    .max(4096)
    .regex(/^[\t\x20-\x7e]*$/, 'must not contain line breaks or control characters')

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  k: 1000,
  M: 1000 ** 2,
  G: 1000 ** 3,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
}

/** Bytes of a valid size: `1Mi` -> 1048576. */
export const parseByteSize = (text: string): number => {
  const digits = Number.parseInt(text, 10)
  return digits * unitBytes[text.slice(String(digits).length)]!
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** Milliseconds of a valid duration: `1m30s` -> 90000. */
export const parseDuration = (text: string): number => {
  let total = 0
  for (const [, digits, unit] of text.matchAll(/([0-9]+)(ms|h|m|s)/g))
    total += Number(digits) * unitMs[unit!]!
  return total
}
