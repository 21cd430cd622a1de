/** Methods that ask for nothing to be changed (RFC 9110 §9.2.1) and that a fan-out can carry. */
export const isSafe = (method: string): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
