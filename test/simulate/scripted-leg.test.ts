import { request as httpRequest } from 'node:http'
import { expect, test } from 'vitest'
import { always, type Failure, type LegScript } from '../../src/simulate/script.ts'
import { startScriptedLeg } from '../../src/simulate/scripted-leg.ts'
import type { TryName } from '../../src/simulate/try-header.ts'
import { closing } from '../support/cleanup.ts'

const open = closing()

const start = async (script: Partial<LegScript>) => {
  const arrivals: (readonly [string, TryName])[] = []
  const leg = await startScriptedLeg({
    name: 'crm',
    script: { delays: [{ what: { fromMs: 0, toMs: 0 }, when: always }], failures: [], ...script },
    seed: 1,
    elapsedMs: () => 0,
    onArrival: (name, tried) => arrivals.push([name, tried]),
  })
  return { ...open(leg), arrivals }
}

const failing = (what: Failure): Partial<LegScript> => ({ failures: [{ what, when: always }] })

interface Asked {
  readonly status?: number | undefined
  readonly by?: string | string[] | undefined
  readonly body?: string
  readonly error?: string | undefined
}

const ask = (origin: string, signal?: AbortSignal): Promise<Asked> =>
  new Promise(resolve => {
    const headers = { 'x-fanout-simulation': '7.2' }
    const sent = httpRequest(`${origin}/path`, {
      method: 'POST',
      headers,
      agent: false,
      ...(signal && { signal }),
    })
    sent.on('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code }))
    sent.on('response', response => {
      let body = ''
      response.setEncoding('utf8').on('data', text => {
        body += text
      })
      const by = response.headers['x-fanout-simulated-by']
      response.on('end', () => resolve({ status: response.statusCode, by, body }))
    })
    sent.end('{}')
  })

test('answers 200 and says which try it answers', async () => {
  const leg = await start({})
  expect(await ask(leg.origin)).toEqual({
    status: 200,
    by: 'crm 2',
    body: '{"crm":{"simulated":true,"try":2}}',
  })
  expect(leg.arrivals).toEqual([['crm', { request: 7, number: 2 }]])
})

test.each([503, 404, 302])('answers %i when told so', async status => {
  expect(await ask((await start(failing({ kind: 'status', status }))).origin)).toMatchObject({ status })
})

test('a status without a body has none', async () => {
  const leg = await start(failing({ kind: 'status', status: 204 }))
  expect(await ask(leg.origin)).toEqual({ status: 204, by: 'crm 2', body: '' })
})

test('answers no sooner than its delay', async () => {
  const leg = await start({ delays: [{ what: { fromMs: 60, toMs: 60 }, when: always }] })
  const before = performance.now()
  await ask(leg.origin)
  expect(performance.now() - before).toBeGreaterThan(58)
})

test('reset cuts the connection', async () => {
  expect(await ask((await start(failing({ kind: 'reset' }))).origin)).toEqual({ error: 'ECONNRESET' })
})

test('hang takes the request and never answers; closing ends it', async () => {
  const leg = await start(failing({ kind: 'hang' }))
  const asked = ask(leg.origin)
  await expect.poll(() => leg.arrivals.length).toBe(1)
  expect(await Promise.race([asked, ask((await start({})).origin)])).toMatchObject({ status: 200 })
  await leg.close()
  expect(await asked).toEqual({ error: 'ECONNRESET' })
})

test('refused is a port on which nobody listens', async () => {
  const leg = await start(failing({ kind: 'refused' }))
  for (let i = 0; i < 5; i++) expect(await ask(leg.origin)).toEqual({ error: 'ECONNREFUSED' })
})
