import { beforeAll, describe, test, vi } from 'vitest'
import { runCell } from './cell.ts'
import { rows } from './rows.ts'
import { shapes } from './shapes.ts'
import { installResolver } from './support/resolver.ts'
import { installTracing } from './support/spans.ts'
import { trustAuthority } from './support/tls.ts'
import type { Seen } from './surfaces.ts'

/*
 * The fault matrix: what an upstream can do to a route, in each shape of route. A cell sends a request that
 * meets the fault and checks what its caller got, what metric, log and span say of it, that nothing was left
 * behind, and that the next request is fine.
 */

declare module 'vitest' {
  interface TaskMeta {
    seen?: Seen
  }
}

// Most cells wait most of their time.
vi.setConfig({ maxConcurrency: 8 })

beforeAll(() => {
  const undo = [installResolver(), installTracing(), trustAuthority()]
  return () => {
    for (const step of undo) step()
  }
})

for (const [number, row] of rows.entries())
  describe.concurrent(`${row.id} ${row.fault}`, () => {
    for (const [column, shape] of shapes.entries())
      test(shape.name, async ({ task }) => {
        const seen: Seen = { caller: '', token: '', attempts: 0 }
        task.meta.seen = seen
        await runCell(row, shape, `route-${number}-${column}`, seen)
      })
  })
