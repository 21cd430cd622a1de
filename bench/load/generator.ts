import { closedLoop } from './closed-loop.ts'
import { hold, release } from './hold.ts'
import { openLoop } from './open-loop.ts'
import type { Order, Result } from './orders.ts'
import { uploads } from './uploads.ts'

/** The load generator's process: one order at a time over IPC. It stays up for a whole run, so its code is warm. */
let go = (): void => {}

process.on('message', (message: Order | 'go') => {
  if (message === 'go') go()
  else
    carryOut(message).then(
      result => process.send?.({ result }),
      error => process.send?.({ error: String(error) }),
    )
})
process.on('disconnect', () => process.exit(0))

function carryOut(order: Order): Promise<Result> | Promise<Result> {
  switch (order.kind) {
    case 'closed':
      return closedLoop(order, askToGo)
    case 'open':
      return openLoop(order)
    case 'upload':
      return uploads(order)
    case 'hold':
      return hold(order)
    case 'release':
      return Promise.resolve(release())
  }
}

function askToGo(): Promise<void> {
  return new Promise(resolve => {
    go = resolve
    process.send?.('warm')
  })
}
