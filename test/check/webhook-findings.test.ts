import { expect, it } from 'vitest'
import { checkWebhook } from '../../src/check/check-webhook.ts'
import type { ClusterFacts } from '../../src/check/facts.ts'
import { makeAuthority } from '../../src/injector/certificates/make-certificates.ts'
import * as given from './support/facts.ts'

const check = (changes: Partial<ClusterFacts>): readonly string[] =>
  checkWebhook(given.healthy(changes)).lines.flatMap(({ findings }) =>
    findings.map(({ code, message }) => `${code} ${message}`),
  )

const bundle = given.base64(given.authority.cert)
const { now } = given.healthy()
const other = (await makeAuthority({ now, notAfter: now + 86_400_000 })).cert

it.each([
  ['first', given.webhook('', bundle)],
  ['second', given.webhook(bundle, '')],
])('the %s webhook alone without a caBundle is a finding: half of the pods are refused', (_, webhook) => {
  expect(check({ webhook })).toEqual([
    'FR0216 its webhooks have no caBundle that can be read, so the API server trusts nobody',
  ])
})

it('a second webhook with the caBundle of another authority, or with nonsense, is a finding', () => {
  expect(check({ webhook: given.webhook(bundle, given.base64(other)) })).toEqual([
    'FR0216 its webhooks have different caBundles, so the API server trusts one and not the other',
  ])
  expect(check({ webhook: given.webhook(bundle, given.base64('nonsense')) })).toEqual([
    'FR0216 its webhooks have no caBundle that can be read, so the API server trusts nobody',
  ])
})

it('webhooks that trust more than one authority are none, while certificates are replaced', () => {
  const both = given.base64(other + given.authority.cert)
  expect(check({ webhook: given.webhook(both) })).toEqual([])
  expect(check({ webhook: given.webhook(both, bundle) })).toEqual([])
})

it('an authority that has expired is a finding, though it signed the certificate', async () => {
  const issuer = given.expiredAuthority
  const certificate = given.secret(await given.leaf({ issuer }))
  expect(check({ webhook: given.webhook(given.base64(issuer.cert)), certificate })).toEqual([
    expect.stringMatching(/^FR0221 the authority in the caBundle that signed it expired at \d{4}-/),
  ])
})
