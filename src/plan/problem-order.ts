import type { Problem } from '../api/problem.ts'

/** Says what follows from the others of its route, so it comes after them. */
const consequence = 'FR0048'

/** Problems in an order, except that a consequence comes last of its route and file. */
export const inOrder = (
  problems: readonly Problem[],
  compare: (a: Problem, b: Problem) => number,
): readonly Problem[] => {
  const sorted = problems.toSorted(compare)
  const last = new Map(sorted.map((problem, index) => [placeOf(problem), index]))
  const rank = (problem: Problem, index: number): number =>
    problem.code === consequence ? last.get(placeOf(problem))! + 0.5 : index
  return sorted
    .map((problem, index) => ({ problem, rank: rank(problem, index) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ problem }) => problem)
}

const placeOf = ({ route, location }: Problem): string => JSON.stringify([route, location?.file])
