import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  Document as YamlDocument,
} from 'yaml'
import type { FieldPath, Location } from '../../api/problem.ts'
import { type PatchOperation, pointerSteps } from '../json-patch.ts'

/** One document of a manifest, kept as it was written: comments and spellings outlast a patch. */
export interface ManifestDocument {
  readonly value: unknown
  /** Position of a field, or of the nearest enclosing one that exists. */
  locate(path: FieldPath): Location
  /** Carries out operations below `base`. */
  patch(base: FieldPath, operations: readonly PatchOperation[]): void
  toYaml(options: { readonly first: boolean }): string
  toValue(): unknown
}

/** Text that is no YAML. */
export class NotYaml extends Error {
  readonly location: Location

  constructor(message: string, location: Location) {
    super(message)
    this.location = location
  }
}

/** kubectl reads YAML 1.1, where `0644` is octal and a bare `yes` is true. */
const options = {
  version: '1.1',
  prettyErrors: false,
  logLevel: 'silent',
  aliasDuplicateObjects: false,
} as const

/** @throws NotYaml */
export const parseManifest = (text: string, file: string): readonly ManifestDocument[] => {
  const lines = new LineCounter()
  const at = (offset: number): Location => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const parsed = parseAllDocuments(text, { ...options, lineCounter: lines })
  const documents = 'empty' in parsed ? [] : parsed
  const [fault] = documents.flatMap(({ errors }) => errors)
  if (fault) throw new NotYaml(fault.message.split('\n', 1)[0]!.slice(0, 200), at(fault.pos[0]))
  return documents
    .filter(({ contents }) => contents !== null && !(isScalar(contents) && contents.value === null))
    .map(document => manifestDocument(document, at))
}

const manifestDocument = (source: Document.Parsed, at: (offset: number) => Location): ManifestDocument => {
  const value: unknown = source.toJS()
  // What an alias stands for may not be changed in all its places: such a document is written out anew.
  const document: Document = hasAlias(source) ? new YamlDocument(value, options) : source
  return {
    value,
    locate: path => at(offsetIn(source, path)),
    patch: (base, operations) => {
      for (const { path, value: added } of operations)
        insert(document, [...base, ...pointerSteps(path)], added)
    },
    toYaml: ({ first }) => {
      if (document.directives) document.directives.docStart = first ? null : true
      // Long texts stay on their line.
      return document.toString({ lineWidth: 0 })
    },
    toValue: () => document.toJS(),
  }
}

const hasAlias = (document: Document): boolean => {
  let found = false
  visit(document, {
    Alias: () => {
      found = true
      return visit.BREAK
    },
  })
  return found
}

/** `add` of RFC 6902. */
const insert = (document: Document, path: FieldPath, value: unknown): void => {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
  const last = String(path.at(-1))
  const node = document.createNode(value)
  if (isSeq(parent)) parent.items.splice(last === '-' ? parent.items.length : Number(last), 0, node)
  else if (isMap(parent)) parent.set(last, node)
  else throw new Error(`nothing to add ${path.join('.')} to`)
}

/** A field stands where its key does, an entry of a list where its first character does. */
const offsetIn = (document: Document.Parsed, path: FieldPath): number => {
  let node: unknown = document.contents
  let offset = rangeOf(node)
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!pair) break
      offset = rangeOf(pair.key)
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      if (node === undefined) break
      offset = rangeOf(node)
    } else break
  }
  return offset
}

const rangeOf = (node: unknown): number =>
  (node as { readonly range?: readonly number[] } | null)?.range?.[0] ?? 0
