import { Composer, type Document, Lexer, type LineCounter, Parser } from 'yaml'
import { maxDepth } from './limits.ts'

/** The text nests deeper than a parser of limited stack can follow. */
export class TooDeepError extends Error {
  readonly offset: number

  constructor(offset: number) {
    super(`nested deeper than ${maxDepth} levels`)
    this.offset = offset
  }
}

/** `prettyErrors` and `uniqueKeys` cost quadratic time on hostile input; our own code does both. */
const options = {
  schema: 'core',
  resolveKnownTags: false,
  prettyErrors: false,
  uniqueKeys: false,
  logLevel: 'silent',
} as const

/**
 * Composes a YAML stream one document at a time; `lines` learns where lines begin on the way.
 *
 * @throws TooDeepError, and whatever the library throws on malformed input
 */
export const composeYaml = (text: string, lines: LineCounter): Generator<Document.Parsed> =>
  new Composer(options).compose(tokens(text, lines), false, text.length)

function* tokens(text: string, lines: LineCounter) {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme)
    // Some nestings take the library quadratic time before its own limit, the stack, is reached.
    if (parser.stack.length > maxDepth) throw new TooDeepError(parser.offset)
  }
  yield* parser.end()
}
