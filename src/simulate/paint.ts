const codes = { dim: 2, red: 31, green: 32, yellow: 33, bold: 1 } as const

export type Paint = (style: keyof typeof codes, text: string) => string

/** Without colour the text as it is. */
export const painter = (colour: boolean): Paint =>
  colour ? (style, text) => `\x1b[${codes[style]}m${text}\x1b[0m` : (_style, text) => text
