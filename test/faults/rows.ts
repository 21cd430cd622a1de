import type { Row } from './row.ts'
import { answeringRows } from './rows/answering.ts'
import { connectingRows } from './rows/connecting.ts'

const numberOf = ({ id }: Row): number => Number(id.slice(1))

/** Every fault in the order of the matrix. */
export const rows: readonly Row[] = [...connectingRows, ...answeringRows].sort(
  (a, b) => numberOf(a) - numberOf(b),
)
