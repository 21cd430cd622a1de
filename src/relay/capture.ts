import type { IncomingMessage } from 'node:http'

export interface CaptureOptions {
  readonly limit: number
  /** Declared size; `undefined` = chunked. Never above `limit`. */
  readonly declared: number | undefined
  readonly onBody: (body: Buffer) => void
  /** A chunked body grew past the limit: what was read so far. The source is paused. */
  readonly onOverflow: (chunks: readonly Buffer[]) => void
}

/** Collects a request body into one Buffer, which all legs then share. */
export const captureBody = (
  source: IncomingMessage,
  { limit, declared, onBody, onOverflow }: CaptureOptions,
): void => {
  const chunks: Buffer[] = []
  let bytes = 0
  const take = (chunk: Buffer): void => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > limit) {
      stop()
      source.pause()
      onOverflow(chunks)
      // Dispatch with the last byte, not a turn of the event loop later with 'end'.
    } else if (bytes === declared) finish()
  }
  const finish = (): void => {
    // A declared body can end early only with its connection, and nothing follows its last byte.
    if (declared === undefined) stop()
    onBody(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes))
  }
  const stop = (): void => {
    source.off('data', take)
    source.off('end', finish)
  }
  source.on('data', take)
  if (declared === undefined) source.on('end', finish)
}
