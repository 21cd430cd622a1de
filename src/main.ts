import { main } from './cli/main.ts'
import { processIo } from './cli/process-io.ts'

void main(process.argv.slice(2), processIo()).then(code => {
  process.exitCode = code
})
