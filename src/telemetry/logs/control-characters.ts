/*
 * Text from outside may not start lines, move a terminal's cursor or reverse what is read: C0 and C1 controls
 * (CSI is U+009B as well as ESC [), line and paragraph separators, bidirectional overrides.
 */
const ranges = '\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069'
const unsafeInJson = new RegExp(`[${ranges}]`, 'g')
const unsafe = new RegExp(`[\\u0000-\\u001f${ranges}]`, 'g')

const escapeCharacter = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** For one line of JSON: its own rules already escape what is below U+0020. The value stays the same. */
export const escapeControlsInJson = (line: string): string => line.replace(unsafeInJson, escapeCharacter)

/** For text that stands by itself: line breaks are escaped as well. */
export const escapeControls = (text: string): string => text.replace(unsafe, escapeCharacter)
