/** What a Node candidate is told when it starts, as JSON in its first argument. */
export interface ProgramJob {
  readonly port: number
  readonly mode: 'shadow' | 'aggregate' | 'single'
  readonly primary: string
  readonly secondary: string
}

export function readJob(): ProgramJob {
  return JSON.parse(process.argv[2] ?? '') as ProgramJob
}
