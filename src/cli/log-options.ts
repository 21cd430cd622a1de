import { logLevels } from '../core/logger.ts'
import type { Option } from './option.ts'
import { choice } from './values.ts'

const option = <T>(of: Option<T>): Option<T> => of

/** How a process logs that runs until it is told to stop. */
export const logOptions = {
  logLevel: option({
    flag: 'log-level',
    value: 'LEVEL',
    description: `Least serious line that is logged: ${logLevels.join(', ')}.`,
    default: 'info',
    read: choice(...logLevels),
  }),
  logFormat: option({
    flag: 'log-format',
    value: 'FORMAT',
    description: 'json, pretty, or auto: pretty on a terminal and json elsewhere.',
    default: 'auto',
    read: choice('auto', 'json', 'pretty'),
  }),
}
