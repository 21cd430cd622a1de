/*
 * `@peculiar/x509` refuses to load without the metadata functions of the Reflect proposal. It registers its own
 * parts by them and nothing else, so a map is enough. Import this first.
 */

type Metadata = Map<unknown, unknown>

interface MetadataReflect {
  getMetadata?: (key: unknown, target: object) => unknown
  getOwnMetadata?: (key: unknown, target: object) => unknown
  defineMetadata?: (key: unknown, value: unknown, target: object) => void
}

const reflect = Reflect as MetadataReflect

// Another library may have brought the real thing.
if (!reflect.getMetadata) {
  const known = new WeakMap<object, Metadata>()
  const own = (key: unknown, target: object): unknown => known.get(target)?.get(key)
  reflect.getOwnMetadata = own
  reflect.getMetadata = (key, target) => {
    for (let at: object | null = target; at; at = Object.getPrototypeOf(at)) {
      if (known.get(at)?.has(key)) return own(key, at)
    }
    return undefined
  }
  reflect.defineMetadata = (key, value, target) => {
    const metadata = known.get(target) ?? new Map()
    known.set(target, metadata.set(key, value))
  }
}
