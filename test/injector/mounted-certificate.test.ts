import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { mountedCertificate } from '../../src/injector/certificates/mounted-certificate.ts'
import type { ServedCertificate } from '../../src/injector/injector-options.ts'
import { makeCertificate } from '../support/certificate.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { silent } from './support/options.ts'

const start = () => {
  const directory = mkdtempSync(join(tmpdir(), 'mounted-'))
  const clock = new FakeClock()
  const warnings: string[] = []
  const logger = { ...silent, warn: (_: unknown, message: string) => void warnings.push(message) }
  const served: ServedCertificate[] = []
  const stopping = new AbortController()
  const certificates = mountedCertificate({ directory, logger, clock })
  const running = certificates.run(certificate => served.push(certificate), stopping.signal)
  onTestFinished(async () => {
    stopping.abort()
    await running
    rmSync(directory, { recursive: true })
  })
  const put = (file: string, text: string) => writeFileSync(join(directory, file), text)
  const look = async () => {
    await eventually(() => expect(clock.armed).toBe(1))
    clock.advance(30_000)
    await eventually(() => expect(clock.armed).toBe(1))
  }
  return { certificates, served, warnings, put, look }
}

it('waits for a certificate, takes it, and takes the next', async () => {
  const { certificates, served, put, look } = start()
  await look()
  expect(served).toEqual([])
  const one = makeCertificate({ name: 'one' })
  put('tls.crt', one.cert)
  put('tls.key', one.key)
  await look()
  await look()
  expect(served).toMatchObject([one])
  expect(certificates.expiresAt()).toBe(served[0]!.expiresAt)
  const two = makeCertificate({ name: 'two' })
  put('tls.crt', two.cert)
  put('tls.key', two.key)
  await look()
  expect(served).toMatchObject([one, two])
})

it('keeps the one it has while the files do not belong together', async () => {
  const { served, put, look, warnings } = start()
  const one = makeCertificate({ name: 'one' })
  put('tls.crt', one.cert)
  put('tls.key', one.key)
  await look()
  const before = warnings.length
  put('tls.crt', makeCertificate({ name: 'two' }).cert)
  await look()
  expect(served).toMatchObject([one])
  expect(warnings.slice(before)).toEqual([
    'the mounted certificate cannot be read; the one before stays in use',
  ])
})
