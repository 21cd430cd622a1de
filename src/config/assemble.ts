import type { Problem } from '../api/problem.ts'
import type { RouteSnapshot } from '../api/snapshot.ts'
import type { BackendEntry } from './backends-document.ts'
import type { FileContent } from './file-content.ts'
import { maxRoutes } from './limits.ts'

/** Puts what all files hold into one snapshot, with what can only be said about them together. */
export const assemble = (
  contents: readonly FileContent[],
  pathProblems: readonly Problem[],
  paths: readonly string[],
): RouteSnapshot => {
  const routes = contents.flatMap(content => content.routes)
  const { backends, problems: clashes } = mergeBackends(contents.flatMap(content => content.backends))
  const problems = [...pathProblems, ...contents.flatMap(content => content.problems), ...clashes]
  if (routes.length > maxRoutes) problems.push(tooManyRoutes(routes.length))
  // What could not be read has been named; that it held no route is not known.
  const isExplained = problems.some(({ severity, code }) => severity === 'error' || code === 'FR0112')
  if (routes.length === 0 && !isExplained) problems.push(noRoutes(paths))
  const stale = contents.flatMap(content => (content.stale ? content.routes.map(({ id }) => id) : []))
  return { routes: routes.slice(0, maxRoutes), backends, problems, ...(stale.length > 0 && { stale }) }
}

/** The first entry for a key counts; another with a different URL is reported. */
const mergeBackends = (entries: readonly BackendEntry[]) => {
  const backends = new Map<string, string>()
  const problems: Problem[] = []
  for (const { key, url, location } of entries) {
    const first = backends.get(key)
    if (first === undefined) backends.set(key, url)
    else if (first !== url) {
      problems.push({
        severity: 'error',
        code: 'FR0044',
        message: `backend ${key} is ${first} in another file already, which counts`,
        fix: 'keep one of the two entries',
        location,
      })
    }
  }
  return { backends, problems }
}

const tooManyRoutes = (count: number): Problem => ({
  severity: 'error',
  code: 'FR0046',
  message: `${count} routes are more than the ${maxRoutes} that are served; the rest is left out`,
  fix: 'give the relay only the routes it is to serve',
})

const noRoutes = (paths: readonly string[]): Problem => ({
  severity: 'warning',
  code: 'FR0111',
  message: `no FanOutRoute found in ${paths.join(', ')}`,
  fix: 'check the path given; files of a directory must end in .yaml, .yml or .json',
})
