/** A measured time: `0.4ms`, `38ms`, `1.24s`. */
export const formatSpan = (ms: number): string => {
  if (ms >= 999.5) return `${Number((ms / 1000).toFixed(2))}s`
  return ms > 0 && ms < 9.95 ? `${Number(ms.toFixed(1))}ms` : `${Math.round(ms)}ms`
}
