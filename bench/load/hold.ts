import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.ts'
import type { HoldOrder, HoldResult } from './orders.ts'
import { requestBytes } from './request-bytes.ts'

const held: Connection[] = []

/** Opens requests in small groups, so that no accept queue overflows, and leaves them open. */
export async function hold(order: HoldOrder): Promise<HoldResult> {
  const request = requestBytes(order.request)[0]!
  let answered = 0
  for (let index = 0; index < order.count; index += 1) {
    const connection = new Connection(order.port, () => {
      answered += 1
    })
    held.push(connection)
    connection.send(request)
    if (index % 20 === 19) await sleep(2)
  }
  await sleep(500)
  return { open: held.length - answered }
}

export function release(): HoldResult {
  for (const connection of held.splice(0)) connection.close()
  return { open: 0 }
}
