import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { crmApi, type DemoApi, inventoryApi, startDemoApi } from '../../src/cli/demo-apis.ts'

const start = async (api: DemoApi, delayMs = 0) => {
  const running = await startDemoApi({ ...api, port: 0, delayMs })
  onTestFinished(() => running.stop())
  return running
}

const post = async (url: string, body: string) => {
  const response = await fetch(`${url}/any/path`, { method: 'POST', body })
  return { status: response.status, body: await response.json() }
}

describe('a demo API', () => {
  test('answers 200 with the order, after its delay', async () => {
    const { url } = await start(inventoryApi, 60)
    const before = performance.now()
    expect(await post(url, '{"order_id": "A-1", "fail_crm": true}')).toEqual({
      status: 200,
      body: { order: 'A-1', deducted: true },
    })
    expect(performance.now() - before).toBeGreaterThanOrEqual(59)
  })

  test.each([
    [inventoryApi, 'fail_inventory'],
    [crmApi, 'fail_crm'],
  ])('answers 500 when the order says so', async (api, field) => {
    const { url } = await start(api)
    expect((await post(url, JSON.stringify({ [field]: true }))).status).toBe(500)
    expect((await post(url, JSON.stringify({ [field]: 'true' }))).status).toBe(200)
  })

  test('takes what is no JSON object for an order without wishes', async () => {
    const { url } = await start(crmApi)
    for (const body of ['', 'nonsense', 'null', '[1]']) expect((await post(url, body)).status).toBe(200)
  })

  test('takes as long as the founding scenario says', () => {
    expect([inventoryApi, crmApi].map(({ port, delayMs }) => [port, delayMs])).toEqual([
      [9001, 2000],
      [9002, 1500],
    ])
  })

  test('does not start on a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await new Promise(resolve => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    await expect(startDemoApi({ ...crmApi, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('stops at once, whoever still waits', async () => {
    const { url, stop } = await start(crmApi, 60_000)
    const waiting = fetch(url).catch(() => 'cut')
    await new Promise(resolve => setImmediate(resolve))
    await stop()
    expect(await waiting).toBe('cut')
  })
})
