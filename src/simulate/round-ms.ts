/** To a thousandth: what lies beyond is noise, and long to read in JSON. */
export const roundMs = (ms: number): number => Math.round(ms * 1000) / 1000
