import { excerpt, formatFieldPath } from '../api/problem.ts'
import type { Finding } from './finding.ts'

/** FR0048 for a route of which nobody knows which requests it is for; `culprit` is what keeps that unknown. */
export const leftOut = ({ code, path }: Finding): Finding => {
  const field = excerpt(formatFieldPath(path))
  return {
    code: 'FR0048',
    path,
    message: `a relay without an earlier version of this route does not serve it: ${circumstance(code, field, String(path.at(-1)))} it cannot be sure which requests it is for`,
    fix: field === '' ? 'mend the other problems of this route' : `mend ${field} first`,
  }
}

const circumstance = (code: string, field: string, name: string): string => {
  if (code === 'FR0002') return `with the unknown field ${JSON.stringify(excerpt(name))}`
  if (field === '') return 'as it is'
  return code === 'FR0003' ? `without ${field}` : `with ${field} as it is`
}
