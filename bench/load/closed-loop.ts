import { Connection } from './connection.ts'
import type { ClosedOrder, ClosedResult } from './orders.ts'
import { requestBytes } from './request-bytes.ts'

/**
 * Every connection sends its next request as soon as it has an answer. `gate` is awaited between the warm-up
 * and the measured part, so that the runner can read the candidate's CPU clock while nothing is on its way.
 */
export async function closedLoop(order: ClosedOrder, gate: () => Promise<void>): Promise<ClosedResult> {
  const requests = requestBytes(order.request)
  let onAnswer = (_connection: Connection, _status: number): void => {}
  const connections = Array.from(
    { length: order.connections },
    () => new Connection(order.port, (connection, status) => onAnswer(connection, status)),
  )

  const run = (count: number): Promise<ClosedResult> =>
    new Promise(resolve => {
      const startedAt = performance.now()
      let issued = 0
      let completed = 0
      let errors = 0
      let open = 0
      const finish = () => {
        clearTimeout(impatience)
        resolve({ completed, errors: errors + open, elapsedMs: performance.now() - startedAt })
      }
      // For a candidate that stops answering: what is open then counts as failed.
      const impatience = setTimeout(finish, order.maxMs + 5000)
      const next = (connection: Connection) => {
        open += 1
        connection.send(requests[issued++ % requests.length]!)
      }
      onAnswer = (connection, status) => {
        open -= 1
        completed += 1
        if (status < 200 || status > 299) errors += 1
        if (issued < count && performance.now() - startedAt < order.maxMs) next(connection)
        else if (open === 0) finish()
      }
      for (const connection of connections.slice(0, count)) next(connection)
    })

  try {
    if (order.warmup > 0) await run(order.warmup)
    await gate()
    return order.count > 0 ? await run(order.count) : { completed: 0, errors: 0, elapsedMs: 0 }
  } finally {
    onAnswer = () => {}
    for (const connection of connections) connection.close()
  }
}
