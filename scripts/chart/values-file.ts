import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, isScalar, type Pair, parse, parseDocument, type Scalar, type YAMLMap } from 'yaml'

export const chartFolder = join(import.meta.dirname, '../../charts/fanout-relay')

/** One value of values.yaml, or a group of them. */
export interface ChartValue {
  /** `controller.replicaCount` */
  readonly path: string
  readonly name: string
  readonly default: unknown
  /** The comment behind `# --`, in one line; empty for groups, which have none. */
  readonly description: string
  /** What `# @schema` says, over what the default shows; of a group, over what groups are. */
  readonly schema: Readonly<Record<string, unknown>>
  /** Of a group; absent for a value. */
  readonly children?: readonly ChartValue[]
}

/** @throws Error a value without a description */
export const readChartValues = (text = readFileSync(join(chartFolder, 'values.yaml'), 'utf8')) => {
  const document = parseDocument(text)
  if (document.errors[0]) throw document.errors[0]
  return childrenOf(document.contents as YAMLMap, '', document.toJS())
}

const childrenOf = (map: YAMLMap, parent: string, defaults: Record<string, unknown>): readonly ChartValue[] =>
  (map.items as Pair<Scalar<string>>[]).map((pair, index) => {
    const name = pair.key.value
    // The comment above the first key of a map belongs to the map.
    const comment = pair.key.commentBefore ?? (index === 0 && parent !== '' ? map.commentBefore : undefined)
    const described = readComment(comment ?? '')
    const path = parent === '' ? name : `${parent}.${name}`
    const value = { path, name, default: defaults[name], ...described }
    const isGroup = isMap(pair.value) && pair.value.items.length > 0 && described.description === ''
    if (isGroup) {
      return {
        ...value,
        children: childrenOf(pair.value as YAMLMap, path, defaults[name] as typeof defaults),
      }
    }
    if (described.description === '') throw new Error(`values.yaml: ${path} has no comment "# -- …"`)
    if (isScalar(pair.value) && pair.value.value === null)
      throw new Error(`values.yaml: ${path} has no default`)
    return value
  })

const readComment = (comment: string): Pick<ChartValue, 'description' | 'schema'> => {
  const lines = comment.split('\n').map(line => line.trim())
  const marker = '@schema '
  const schema = lines.find(line => line.startsWith(marker))
  const start = lines.findLastIndex(line => line.startsWith('-- '))
  const words = start < 0 ? [] : lines.slice(start).filter(line => !line.startsWith(marker))
  return {
    description: words.join(' ').slice(3).trim(),
    schema: schema ? parse(schema.slice(marker.length)) : {},
  }
}
