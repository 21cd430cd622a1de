import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../report/stats.ts'
import { Connection } from './connection.ts'
import type { OpenOrder, OpenResult } from './orders.ts'
import { requestBytes } from './request-bytes.ts'

/**
 * Requests fall due at a fixed rate whatever the candidate does. One that finds no free connection waits, and
 * its clock runs from when it was due: a candidate that holds connections back cannot hide it.
 */
export async function openLoop(order: OpenOrder): Promise<OpenResult> {
  const requests = requestBytes(order.request)
  const latencies: number[] = []
  const waiting: number[] = []
  const busy = new Set<Connection>()
  let sent = 0
  let errors = 0

  const begin = performance.now()
  const measuredFrom = begin + order.warmupMs
  const end = measuredFrom + order.durationMs
  const record = (startedAt: number, now: number) => {
    if (startedAt >= measuredFrom) latencies.push(now - startedAt)
  }
  const send = (connection: Connection, startedAt: number) => {
    connection.startedAt = startedAt
    busy.add(connection)
    connection.send(requests[sent++ % requests.length]!)
  }
  const free = Array.from(
    { length: order.connections },
    () =>
      new Connection(order.port, (connection, status) => {
        record(connection.startedAt, performance.now())
        if (status < 200 || status > 299) errors += 1
        busy.delete(connection)
        const due = waiting.shift()
        if (due === undefined) free.push(connection)
        else send(connection, due)
      }),
  )
  const connections = [...free]

  const spacing = 1000 / order.ratePerSecond
  const total = Math.floor((end - begin) / spacing)
  for (let due = 0; due < total; ) {
    await sleep(1)
    const now = performance.now()
    for (; due < total && begin + due * spacing <= now; due += 1) {
      // Taken in turn, oldest idle first, so that all connections are in use.
      const connection = free.shift()
      // Sent at once, it starts now: how late this timer fired is not the candidate's doing.
      if (connection) send(connection, now)
      else waiting.push(begin + due * spacing)
    }
  }

  const giveUp = performance.now() + order.graceMs
  while (busy.size > 0 && performance.now() < giveUp) await sleep(5)
  const now = performance.now()
  const unanswered = [...busy].map(connection => connection.startedAt).concat(waiting)
  for (const startedAt of unanswered) record(startedAt, now)
  waiting.length = 0
  for (const connection of connections) connection.close()
  const p50 = percentile(latencies, 50)
  return { sent: total, errors, unanswered: unanswered.length, p50, p99: percentile(latencies, 99) }
}
