import { clusterOptions } from './kubernetes-options.ts'
import type { Option } from './option.ts'
import { flag } from './values.ts'

/** Cluster and namespace of verbs that read what everybody has, not the relay of one pod. */
export const readOptions = {
  ...clusterOptions,
  allNamespaces: {
    flag: 'all-namespaces',
    short: 'A',
    description: 'Look at all namespaces; -n then has no effect.',
    default: 'false',
    read: flag,
  } satisfies Option<boolean>,
}
