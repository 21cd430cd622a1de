import { setImmediate } from 'node:timers/promises'
import { LineCounter } from 'yaml'
import type { FieldPath, Location } from '../api/problem.ts'
import type { OtherReading } from '../api/snapshot.ts'
import { composeYaml, TooDeepError } from './yaml-compose.ts'
import { locator } from './yaml-locate.ts'
import { valueOfDocument, YamlValueError } from './yaml-value.ts'

/** One document of a YAML stream. */
export interface YamlDocument {
  readonly value: unknown
  /** Position of a field, or of the nearest enclosing one that exists. */
  locate(path: FieldPath): Location
  /** Keys and values that other readers of YAML take for something else. */
  readonly otherReadings: readonly OtherReading[]
}

export interface YamlText {
  /** Empty documents are left out. All of them are left out when there is an error. */
  readonly documents: readonly YamlDocument[]
  /** The first thing wrong with the text, on one line. */
  readonly error: { readonly message: string; readonly location: Location } | undefined
}

/** Longest piece of work between two turns of the event loop, in milliseconds: the relay serves meanwhile. */
const sliceMs = 5
const maxMessage = 200

/** Parses a YAML stream; JSON is YAML as well. Rejects for nothing that a text can contain. */
export const parseYaml = async (text: string, file: string): Promise<YamlText> => {
  const lines = new LineCounter()
  const documents: YamlDocument[] = []
  let sliceStart = performance.now()
  let reached = 0

  const locationOf = (offset: number): Location => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const failed = (message: string, offset: number): YamlText => ({
    documents: [],
    error: { message: firstLine(message), location: locationOf(offset) },
  })

  try {
    for (const document of composeYaml(text, lines)) {
      const fault = document.errors[0] ?? document.warnings[0]
      if (fault) return failed(fault.message, fault.pos[0])
      const start = document.range[0]
      reached = document.range[2]
      const { value, otherReadings } = valueOfDocument(document)
      if (value !== null) {
        const place = { text: text.slice(start, reached), start: locationOf(start) }
        documents.push({ value, otherReadings, locate: locator(place) })
      }
      if (performance.now() - sliceStart > sliceMs) {
        await setImmediate()
        sliceStart = performance.now()
      }
    }
  } catch (error) {
    const known = error instanceof TooDeepError || error instanceof YamlValueError
    // What else is thrown is the library giving up on malformed input, a stack overflow for example.
    return failed(error instanceof Error ? error.message : String(error), known ? error.offset : reached)
  }
  return { documents, error: undefined }
}

const firstLine = (message: string): string => message.split('\n', 1)[0]!.slice(0, maxMessage)
