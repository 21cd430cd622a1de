import { spawnSync } from 'node:child_process'

/** Whether a tool is here. Missing under CI, it fails the test that needs it; elsewhere the test says why it is skipped. */
export const hasTool = (name: string, probe = '--version'): boolean => {
  const found = spawnSync(name, [probe]).status === 0
  if (!found && !process.env['CI'])
    console.warn(`SKIPPED: ${name} is not installed (scripts/install-test-tools.sh)`)
  return found || Boolean(process.env['CI'])
}
