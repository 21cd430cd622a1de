import packageJson from '../../package.json' with { type: 'json' }

/** Set by the build (scripts/build.ts); a checkout has none. */
declare const FANOUT_REVISION: string | undefined

export const buildInfo = {
  version: packageJson.version,
  revision: typeof FANOUT_REVISION === 'string' ? FANOUT_REVISION : 'unknown',
  node: process.versions.node,
}
