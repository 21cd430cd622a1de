import { parseArgs } from 'node:util'

export interface Options {
  readonly quick: boolean
  readonly help: boolean
  /** Names of measurements; all when not given. */
  readonly only: readonly string[]
  /** File for the data behind the tables. */
  readonly json: string | undefined
}

export const help = (names: readonly string[]): string => `Usage: npm run bench:cluster -- [options]

What following the API server costs, and how soon an edit is served, on a real etcd and kube-apiserver on loopback
(scripts/install-cluster-tools.sh installs them).

  --quick        small counts, two or three minutes: shows that it runs, measures little
  --only A,B     these alone: ${names.join(', ')}
  --json FILE    where the data goes (default: nowhere)
  --help
`

export const readOptions = (args: readonly string[], names: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only?.split(',') ?? names
  const strange = only.find(name => !names.includes(name))
  if (strange !== undefined) throw new Error(`--only: no "${strange}"; there are ${names.join(', ')}`)
  return { quick: values.quick, help: values.help, only, json: values.json }
}
