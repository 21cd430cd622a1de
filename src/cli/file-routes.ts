import type { RelayConfig } from './config.ts'

/** Routes from files and directories. */
export const fileRoutes = async (paths: readonly string[]): Promise<RelayConfig['source']> => {
  // Loaded by those who run a relay alone.
  const { fileSource } = await import('../config/file-source.ts')
  return ({ figures }) => {
    figures.servedFrom('files')
    return fileSource({ paths })
  }
}
