import type { Bench } from '../bench.ts'

/** Small requests before memory is measured, so that compiled code and first pools are not counted as growth. */
export async function warmUp(bench: Bench, port: number, method: 'GET' | 'POST' = 'POST'): Promise<void> {
  const request = { method, paths: ['/'], bodyBytes: method === 'POST' ? 1024 : 0 } as const
  const count = bench.settings.quick ? 200 : 3000
  await bench.load.closed({ port, request, connections: 16, warmup: 0, count, maxMs: 3000 }, () => {})
}
