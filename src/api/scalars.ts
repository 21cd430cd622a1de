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

/**
 * What a Kubernetes quantity may look like where it is a size in bytes: greater than 0, so neither a sign nor a unit
 * of thousandths. (RE2 has no look-ahead: one of its digits is not 0, before the point or behind it.)
 */
export const byteSizePattern =
  /^(0*[1-9][0-9]{0,14}(\.[0-9]{0,9})?|0*\.[0-9]{0,8}[1-9][0-9]{0,8})(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P|[eE][0-9]{1,2})?$/

const longestByteSize = 32

/** Kubernetes quantity for sizes in bytes, as text or as a number: `512Ki`, `1.5Mi`, `1e6`, `65536`. */
export const byteSize = () =>
  z
    .preprocess(
      value => (Number.isSafeInteger(value) ? String(value) : value),
      z
        .string()
        .max(longestByteSize)
        .regex(
          byteSizePattern,
          'must be a size such as 65536, 512Ki or 1.5Mi: a number above 0, with Ki, Mi, Gi, k, M, G or nothing behind it',
        ),
    )
    .meta({
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      pattern: byteSizePattern.source,
      maxLength: longestByteSize,
      minimum: 1,
      maximum: 999_999_999_999_999,
    })

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
  k: 1000,
  M: 1000 ** 2,
  G: 1000 ** 3,
  T: 1000 ** 4,
  P: 1000 ** 5,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
}

/** Bytes of a valid size: `1Mi` -> 1048576. Parts of a byte count as one, as in Kubernetes; at most 2^53 - 1. */
export const parseByteSize = (text: string): number => {
  const [, number, unit = ''] = /^([0-9.]+(?:[eE][0-9]+)?)(.*)$/.exec(text)!
  return Math.min(Math.ceil(Number(number) * (unitBytes[unit] ?? 1)), Number.MAX_SAFE_INTEGER)
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** Milliseconds of a valid duration: `1m30s` -> 90000. */
export const parseDuration = (text: string): number => {
  let total = 0
  for (const [, digits, unit] of text.matchAll(/([0-9]+)(ms|h|m|s)/g))
    total += Number(digits) * unitMs[unit!]!
  return total
}
