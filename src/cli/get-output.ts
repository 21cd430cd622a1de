import { apiVersion, kind } from '../api/names.ts'
import type { RouteObject } from '../controller/resources.ts'
import { toJson } from './output-option.ts'

export type DataFormat = 'json' | 'yaml'

/** Objects of a list do not say what they are. */
export const complete = (route: RouteObject): RouteObject => ({ apiVersion, kind, ...route })

/** One route by itself, several as a List that `kubectl apply` takes. */
export const renderData = async (
  format: DataFormat,
  routes: readonly RouteObject[],
  { single }: { readonly single: boolean },
): Promise<string> => {
  const items = routes.map(complete)
  return renderValue(format, single ? items[0] : { apiVersion: 'v1', kind: 'List', items })
}

/** One object of a stream of them. */
export const renderOne = async (format: DataFormat, value: unknown): Promise<string> =>
  format === 'json' ? `${JSON.stringify(value)}\n` : `---\n${await renderValue(format, value)}`

const renderValue = async (format: DataFormat, value: unknown): Promise<string> => {
  if (format === 'json') return toJson(value)
  const { stringify } = await import('yaml')
  return stringify(value, { lineWidth: 110, aliasDuplicateObjects: false, compat: 'yaml-1.1' })
}
