/** Largest file that is read, in bytes. */
export const maxFileBytes = 4 * 1024 * 1024

/** Most routes, and most files, that one source holds. */
export const maxRoutes = 20_000

/** Aliases (`*name`) that one YAML document may follow, those inside what they stand for included. */
export const maxAliases = 100

/** Deepest nesting of a YAML document, in levels of the parser; a FanOutRoute needs about 30. */
export const maxDepth = 128
