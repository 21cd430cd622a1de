/** For faults that only a timeout ends: long enough for every answer that is well. */
export const shortMs = 700
export const shortAttempt = { request: '10s', backendRequest: `${shortMs}ms` } as const
export const shortRequest = { request: `${shortMs}ms` } as const
