import { excerpt, type FieldPath } from '../../api/problem.ts'
import type { InjectionProblem } from '../outcome.ts'
import type { Pod } from '../pod.ts'
import { isObject } from './workloads.ts'

/**
 * The pod of a manifest, or what keeps it from being read as one. Only what the injector itself relies on is
 * looked at: the rest is the API server's.
 */
export const readPod = (value: unknown): Pod | InjectionProblem => {
  const spec = isObject(value) ? value['spec'] : undefined
  if (!isObject(spec)) return problem('the pod has no spec', 'give it a spec with containers', ['spec'])
  for (const field of ['containers', 'initContainers', 'volumes']) {
    const found = listProblem(spec, field)
    if (found) return found
  }
  const metadata = (value as Readonly<Record<string, unknown>>)['metadata']
  for (const field of ['labels', 'annotations']) {
    const found = textsProblem(isObject(metadata) ? metadata[field] : undefined, field)
    if (found) return found
  }
  return value as unknown as Pod
}

export const isProblem = (read: Pod | InjectionProblem): read is InjectionProblem => 'fix' in read

const problem = (message: string, fix: string, path: FieldPath): InjectionProblem => ({ message, fix, path })

const listProblem = (
  spec: Readonly<Record<string, unknown>>,
  field: string,
): InjectionProblem | undefined => {
  const list = spec[field]
  if (field !== 'containers' && (list === undefined || list === null)) return undefined
  if (!Array.isArray(list) || (field === 'containers' && list.length === 0))
    return problem(`spec.${field} is not a list of at least one`, `list them below ${field}:`, [
      'spec',
      field,
    ])
  const index = list.findIndex(entry => !isObject(entry) || typeof entry['name'] !== 'string')
  if (index >= 0)
    return problem(`an entry of spec.${field} has no name`, 'give it a name', ['spec', field, index])
  const badEnv = list.findIndex(({ env }) => env !== undefined && env !== null && !Array.isArray(env))
  return badEnv < 0
    ? undefined
    : problem(`env of a container is not a list`, 'list name and value of each', [
        'spec',
        field,
        badEnv,
        'env',
      ])
}

/** YAML reads `true` and `4780` as something else than a text, and the API server refuses that. */
const textsProblem = (map: unknown, field: string): InjectionProblem | undefined => {
  if (map === undefined || map === null) return undefined
  if (!isObject(map))
    return problem(`metadata.${field} is not a map`, 'write one key: value a line', ['metadata', field])
  const wrong = Object.entries(map).find(([, value]) => typeof value !== 'string')
  if (!wrong) return undefined
  const [key, value] = wrong
  const shown = excerpt(String(value))
  return problem(
    `${field.slice(0, -1)} ${excerpt(key)} is not a text`,
    `put quotes around it: ${key}: "${shown}"`,
    ['metadata', field, key],
  )
}
