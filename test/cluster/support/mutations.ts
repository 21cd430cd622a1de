type Step = string | number

/** A route with one thing wrong, or at least odd. */
export interface Mutation {
  /** `upstreams[].name := true` */
  readonly name: string
  readonly spec: unknown
}

/** What takes the place of a field. */
const values: readonly unknown[] = [{}, [], '', 'x y', -1, 1.5, true, null]

/** Every field of a spec, entries of a list by their first, removed and replaced by each of the values. */
export const mutationsOf = (spec: object): readonly Mutation[] => {
  const byName = new Map<string, Mutation>()
  for (const path of pathsOf(spec)) {
    const field = path.map(step => (typeof step === 'number' ? '[]' : `.${step}`)).join('')
    for (const value of [undefined, ...values]) {
      const name = `${field} := ${JSON.stringify(value)?.slice(0, 20) ?? 'nothing'}`
      if (!byName.has(name)) byName.set(name, { name, spec: replace(spec, path, value) })
    }
  }
  return [...byName.values()]
}

const pathsOf = (value: unknown, path: readonly Step[] = []): readonly (readonly Step[])[] => {
  const children = typeof value === 'object' && value !== null ? Object.entries(value) : []
  const below = children.flatMap(([key, child]) =>
    pathsOf(child, [...path, Array.isArray(value) ? Number(key) : key]),
  )
  return path.length > 0 ? [path, ...below] : below
}

const replace = (value: unknown, [step, ...rest]: readonly Step[], by: unknown): unknown => {
  if (step === undefined) return by
  const changed = (child: unknown) => replace(child, rest, by)
  if (Array.isArray(value)) {
    return value.flatMap((child, index) => {
      if (index !== step) return [child]
      const replaced = changed(child)
      return replaced === undefined ? [] : [replaced]
    })
  }
  const object = value as Readonly<Record<string, unknown>>
  // JSON leaves out what is undefined.
  return { ...object, [step]: changed(object[step]) }
}
