import { type Document, isMap, isSeq, LineCounter } from 'yaml'
import type { FieldPath, Location } from '../api/problem.ts'
import { composeYaml } from './yaml-compose.ts'
import { keyOf, offsetOf } from './yaml-value.ts'

/** Where one document stands in a file. */
export interface DocumentPlace {
  /** The document alone. */
  readonly text: string
  /** Position of its first character in the file. */
  readonly start: Location
}

interface Composed {
  readonly document: Document.Parsed | undefined
  readonly lines: LineCounter
}

/**
 * Finds positions of fields in one document. The nodes are composed again when the first position is asked
 * for: few documents have problems, and the nodes of all of them weigh more than their text and values.
 */
export const locator = ({ text, start }: DocumentPlace): ((path: FieldPath) => Location) => {
  let remembered: WeakRef<Composed> | undefined
  return path => {
    let composed = remembered?.deref()
    if (!composed) {
      composed = compose(text)
      remembered = new WeakRef(composed)
    }
    const { line, col } = composed.lines.linePos(offsetIn(composed.document, path))
    // Only the first line of a document can begin in the middle of a line of the file.
    return {
      file: start.file,
      line: start.line + line - 1,
      column: line === 1 ? start.column + col - 1 : col,
    }
  }
}

const compose = (text: string): Composed => {
  const lines = new LineCounter()
  return { document: composeYaml(text, lines).next().value ?? undefined, lines }
}

/** A field stands where its key does, an entry of a list where its first character does. */
const offsetIn = (document: Document.Parsed | undefined, path: FieldPath): number => {
  let node: unknown = document?.contents
  let offset = offsetOf(node)
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyOf(key) === String(step))
      if (!pair) break
      offset = offsetOf(pair.key)
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      if (node === undefined) break
      offset = offsetOf(node)
    } else break
  }
  return offset
}
