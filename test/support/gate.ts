/** A moment that a test chooses. */
export interface Gate {
  readonly passed: Promise<void>
  open(): void
}

export const gate = (): Gate => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { passed: promise, open: resolve }
}
