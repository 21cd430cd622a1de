import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import type { Candidate, Mode } from '../launch/candidate.ts'
import { loopback } from '../process/ports.ts'
import { startScripted } from '../upstreams/scripted.ts'

const requests = 20
const bodyBytes = 1024

interface Received {
  readonly requests: number
  readonly bytes: number
}

/**
 * Before anything is measured: a candidate that leaves a copy out, or cuts it short, would look fast. Returns
 * those that relay what they should; the others take no further part.
 */
export async function provenCandidates(bench: Bench): Promise<Candidate[]> {
  const failed = new Set<Candidate>()
  const upstreams = await startScripted(bench.cores, ['counting', 'counting'])
  try {
    for (const candidate of bench.candidates) {
      for (const mode of ['shadow', 'aggregate'] as const) {
        if (!candidate.modes.includes(mode)) continue
        await prove(bench, candidate, mode, upstreams.ports).catch(error => {
          failed.add(candidate)
          bench.fail(`${candidate.name}, proof of ${mode}`, error)
        })
      }
    }
  } finally {
    await upstreams.stop()
  }
  return bench.candidates.filter(candidate => !failed.has(candidate))
}

async function prove(
  bench: Bench,
  candidate: Candidate,
  mode: Mode,
  ports: readonly number[],
): Promise<void> {
  const [primary = 0, secondary = 0] = ports
  const before = await Promise.all(ports.map(received))
  const running = await candidate.start({ mode, primary, secondary }, bench)
  try {
    const request = { method: 'POST', paths: ['/orders/4711'], bodyBytes } as const
    const order = { port: running.port, request, connections: 4, warmup: 0, count: requests, maxMs: 5000 }
    const { errors } = await bench.load.closed(order, () => {})
    if (errors > 0) throw new Error(`${errors} of ${requests} requests failed`)
    // A shadow may still be on its way when the caller has its answer.
    const giveUp = performance.now() + 2000
    for (;;) {
      const after = await Promise.all(ports.map(received))
      const copies = after.map((now, index) => ({
        requests: now.requests - before[index]!.requests,
        bytes: now.bytes - before[index]!.bytes,
      }))
      if (copies.every(copy => copy.requests === requests && copy.bytes === requests * bodyBytes)) return
      if (performance.now() > giveUp) {
        throw new Error(`${requests} requests of ${bodyBytes} bytes became ${JSON.stringify(copies)}`)
      }
      await sleep(20)
    }
  } finally {
    await running.stop()
  }
}

async function received(port: number): Promise<Received> {
  return (await (await fetch(`http://${loopback}:${port}/received`)).json()) as Received
}
