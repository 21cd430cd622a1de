import { startChild } from '../process/child.ts'
import type { Cores } from '../process/cores.ts'
import { pinned } from '../process/cores.ts'
import type {
  ClosedOrder,
  ClosedResult,
  HoldOrder,
  HoldResult,
  OpenOrder,
  OpenResult,
  Order,
  Result,
  UploadOrder,
  UploadResult,
} from './orders.ts'

/** The runner's side of the load generator. */
export interface Load {
  /** `onWarm` runs between warm-up and measurement, while no request is on its way. */
  closed(order: Omit<ClosedOrder, 'kind'>, onWarm: () => void): Promise<ClosedResult>
  open(order: Omit<OpenOrder, 'kind'>): Promise<OpenResult>
  upload(order: Omit<UploadOrder, 'kind'>): Promise<UploadResult>
  hold(order: Omit<HoldOrder, 'kind'>): Promise<HoldResult>
  release(): Promise<HoldResult>
  stop(): Promise<void>
}

type Message = 'warm' | { readonly result: Result } | { readonly error: string }

export function startLoad(cores: Cores): Load {
  const generator = new URL('./generator.ts', import.meta.url).pathname
  const child = startChild(pinned(cores.surroundings, [process.execPath, generator]), { ipc: true })

  const ask = <R>(order: Order, onWarm = () => {}): Promise<R> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        child.process.off('message', hear)
        child.process.off('close', fail)
      }
      const fail = () => {
        leave()
        reject(new Error(`the load generator ended: ${child.complaint()}`))
      }
      const hear = (message: Message) => {
        if (message === 'warm') {
          onWarm()
          child.process.send('go')
          return
        }
        leave()
        if ('error' in message) reject(new Error(message.error))
        else resolve(message.result as R)
      }
      child.process.on('message', hear as (message: unknown) => void)
      child.process.on('close', fail)
      child.process.send(order)
    })

  return {
    closed: (order, onWarm) => ask({ kind: 'closed', ...order }, onWarm),
    open: order => ask({ kind: 'open', ...order }),
    upload: order => ask({ kind: 'upload', ...order }),
    hold: order => ask({ kind: 'hold', ...order }),
    release: () => ask({ kind: 'release' }),
    stop: child.stop,
  }
}
