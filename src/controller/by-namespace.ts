import type { KubernetesObject } from '../kubernetes/objects.ts'

/** An object before and after something happened to it. */
export interface Change<T> {
  readonly namespace: string
  readonly before: T | undefined
  readonly after: T | undefined
}

/** Objects of one resource by namespace and name, following a reflector. */
export class ByNamespace<T extends KubernetesObject> {
  readonly #namespaces = new Map<string, Map<string, T>>()
  readonly #slim: (object: T) => T

  /** `slim` says what is kept of an object. */
  constructor(slim: (object: T) => T) {
    this.#slim = slim
  }

  /** Takes over what a reflector tells, and says what became of what. */
  update(objects: ReadonlyMap<string, T>, changed: ReadonlySet<string>): readonly Change<T>[] {
    return [...changed].map(key => {
      const { namespace, name } = split(key)
      const found = objects.get(key)
      const before = this.get(namespace, name)
      const after = found && shrink(found, this.#slim(found))
      if (after) this.#of(namespace).set(name, after)
      else this.#delete(namespace, name)
      return { namespace, before, after }
    })
  }

  get(namespace: string, name: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(name)
  }

  in(namespace: string): readonly T[] {
    return [...(this.#namespaces.get(namespace)?.values() ?? [])]
  }

  has(namespace: string): boolean {
    return this.#namespaces.has(namespace)
  }

  /** Namespaces that have objects. */
  get namespaces(): readonly string[] {
    return [...this.#namespaces.keys()]
  }

  #of(namespace: string): Map<string, T> {
    const objects = this.#namespaces.get(namespace) ?? new Map<string, T>()
    this.#namespaces.set(namespace, objects)
    return objects
  }

  #delete(namespace: string, name: string): void {
    const objects = this.#namespaces.get(namespace)
    objects?.delete(name)
    if (objects?.size === 0) this.#namespaces.delete(namespace)
  }
}

/** Objects without a namespace, such as namespaces themselves, are in ''. */
const split = (key: string): { readonly namespace: string; readonly name: string } => {
  const slash = key.indexOf('/')
  return slash < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/** The reflector keeps the object too, so what nobody needs is taken out of the object itself. */
const shrink = <T extends object>(object: T, slim: T): T => {
  for (const field of Object.keys(object)) if (!(field in slim)) Reflect.deleteProperty(object, field)
  return Object.assign(object, slim)
}
