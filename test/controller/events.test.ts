import { expect, it } from 'vitest'
import { Events } from '../../src/controller/events.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'

it('sends a burst of events, then as many as its rate lets through, and counts the rest', async () => {
  const clock = new FakeClock()
  const counts = { sent: 0, failed: 0, dropped: 0 }
  let fails = false
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const events = new Events({
    client: {
      server: '',
      namespace: '',
      close: async () => {},
      request: async () => {
        if (fails) throw new Error('no')
        return { status: 201, body: {} }
      },
    },
    identity: 'me',
    clock,
    logger: silent,
    observer: {
      event: result => {
        counts[result] += 1
      },
    },
    burst: 10,
    perSecond: 2,
  })
  const route = { kind: 'FanOutRoute', name: 'orders', namespace: 'shop' }
  const tell = (count: number): void => {
    for (let i = 0; i < count; i++)
      events.tell(route, { type: 'Normal', reason: 'RouteAccepted', note: 'x'.repeat(2000) })
  }
  tell(15)
  await eventually(() => expect(counts).toEqual({ sent: 10, failed: 0, dropped: 5 }))
  clock.advance(3_000)
  fails = true
  tell(10)
  await eventually(() => expect(counts).toEqual({ sent: 10, failed: 6, dropped: 9 }))
})

it('cuts a note to the bytes that the API server takes, between two characters', async () => {
  const notes: string[] = []
  const events = new Events({
    client: {
      server: '',
      namespace: '',
      close: async () => {},
      request: async ({ body }) => {
        notes.push((body as { note: string }).note)
        return { status: 201, body: {} }
      },
    },
    identity: 'me',
    clock: new FakeClock(),
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    observer: { event: () => {} },
  })
  const route = { kind: 'FanOutRoute', name: 'orders', namespace: 'shop' }
  const tell = (note: string) => events.tell(route, { type: 'Normal', reason: 'RouteAccepted', note })
  tell('ü'.repeat(512))
  tell(`x${'ü'.repeat(512)}`)
  tell(`xx${'😀'.repeat(300)}`)
  expect(notes).toEqual(['ü'.repeat(512), `x${'ü'.repeat(511)}`, `xx${'😀'.repeat(255)}`])
})

it('names an event about an object of the longest name so that the API server takes it', () => {
  const names: string[] = []
  const events = new Events({
    client: {
      server: '',
      namespace: '',
      close: async () => {},
      request: async ({ body }) => {
        names.push((body as { metadata: { name: string } }).metadata.name)
        return { status: 201, body: {} }
      },
    },
    identity: 'me',
    clock: new FakeClock(),
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    observer: { event: () => {} },
  })
  const tell = (name: string) =>
    events.tell(
      { kind: 'FanOutRoute', name, namespace: 'shop' },
      { type: 'Normal', reason: 'RouteAccepted', note: '' },
    )
  tell('a'.repeat(253))
  tell(`${'a'.repeat(234)}.-${'b'.repeat(17)}`)
  tell('orders')
  for (const name of names) {
    expect(name.length).toBeLessThanOrEqual(253)
    expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
  }
  expect(names.map(name => name.replace(/\.[0-9a-f]{16}$/, '').length)).toEqual([236, 234, 6])
})
