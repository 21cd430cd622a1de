/** `1500` -> `1.5s`, `250` -> `250ms`; 0 is how routes switch a timeout off. */
export const formatMs = (ms: number): string => {
  if (ms === 0) return 'off'
  if (ms < 1000) return `${ms}ms`
  if (ms < 60_000) return `${ms / 1000}s`
  const minutes = Math.floor(ms / 60_000)
  const seconds = (ms % 60_000) / 1000
  const hours = Math.floor(minutes / 60)
  const parts = [
    hours > 0 && `${hours}h`,
    minutes % 60 > 0 && `${minutes % 60}m`,
    seconds > 0 && `${seconds}s`,
  ]
  return parts.filter(Boolean).join('')
}

/** `1048576` -> `1Mi`; sizes that are no whole number of a unit stay in bytes. */
export const formatBytes = (bytes: number): string => {
  const units = ['', 'Ki', 'Mi', 'Gi']
  let unit = 0
  let size = bytes
  while (unit < units.length - 1 && size % 1024 === 0) {
    size /= 1024
    unit++
  }
  return `${size}${units[unit]}`
}
