import { controller } from '../../../src/cli/controller.ts'
import { processIo } from '../../../src/cli/process-io.ts'

/** The verb `controller` as a process of its own: what follows are its flags. */
process.exitCode = await controller.execute(process.argv.slice(2), processIo())
