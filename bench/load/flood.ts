import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../report/stats.ts'
import { Connection } from './connection.ts'
import { requestBytes } from './request-bytes.ts'

/** What a flood is: requests at a rate that nobody answers in time, from callers that do not slow down by themselves. */
export interface FloodOrder {
  readonly port: number
  readonly connections: number
  readonly ratePerSecond: number
  readonly durationMs: number
}

export interface FloodResult {
  /** Requests that fell due, and those of them that found a connection free. */
  readonly due: number
  readonly sent: number
  readonly accepted: number
  readonly shed: number
  readonly errors: number
  readonly elapsedMs: number
  /** From sending to the answer, of what was accepted and of what was refused. */
  readonly acceptedP50: number
  readonly acceptedP99: number
  readonly shedP50: number
}

/**
 * The flood's own process. A request that finds all connections busy is given up and counted: callers have a
 * bounded number of connections, and an endless queue in the generator would measure the generator.
 */
process.on('message', (order: FloodOrder) => {
  void flood(order).then(result => process.send?.(result))
})
process.on('disconnect', () => process.exit(0))

async function flood({ port, connections, ratePerSecond, durationMs }: FloodOrder): Promise<FloodResult> {
  const [request = Buffer.alloc(0)] = requestBytes({ method: 'POST', paths: ['/'], bodyBytes: 1024 })
  const accepted: number[] = []
  const shed: number[] = []
  let errors = 0
  const all = Array.from(
    { length: connections },
    () =>
      new Connection(port, (connection, status) => {
        const ms = performance.now() - connection.startedAt
        if (status === 200) accepted.push(ms)
        else if (status === 503) shed.push(ms)
        else errors += 1
        free.push(connection)
      }),
  )
  const free = [...all]
  // Callers are there before the flood is: a relay that is busy accepts one connection a turn.
  await Promise.all(all.map(connection => connection.ready()))
  const begin = performance.now()
  let due = 0
  let sent = 0
  for (let now = begin; now - begin < durationMs; now = performance.now()) {
    for (const until = ((now - begin) * ratePerSecond) / 1000; due < until; due += 1) {
      const connection = free.pop()
      if (!connection) continue
      connection.startedAt = now
      connection.send(request)
      sent += 1
    }
    await sleep(1)
  }
  const elapsedMs = performance.now() - begin
  const counts = { due, sent, accepted: accepted.length, shed: shed.length, errors, elapsedMs }
  for (const connection of all) connection.close()
  return {
    ...counts,
    acceptedP50: percentile(accepted, 50),
    acceptedP99: percentile(accepted, 99),
    shedP50: percentile(shed, 50),
  }
}
