import { endStartOnSignal } from './serve/signals.ts'

/** Verbs that run until they are told to stop. */
const servers: ReadonlySet<string | undefined> = new Set(['run', 'controller', 'demo'])

// Before anything else is loaded, which takes a third of a second.
if (servers.has(process.argv[2])) endStartOnSignal()

const start = async (): Promise<number> => {
  const { main } = await import('./cli/main.ts')
  const { processIo } = await import('./cli/process-io.ts')
  return main(process.argv.slice(2), processIo())
}

void start().then(code => {
  process.exitCode = code
})
