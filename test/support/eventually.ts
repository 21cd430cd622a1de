/** Waits until `probe` stops throwing and returns what it returned; fails with its last error. */
export const eventually = async <T>(probe: () => T | Promise<T>, withinMs = 20_000): Promise<T> => {
  const until = performance.now() + withinMs
  for (;;) {
    try {
      return await probe()
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
}
