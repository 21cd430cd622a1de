import { injectionLabel, injectLabel } from '../api/labels.ts'
import { excerpt } from '../api/problem.ts'
import type { InjectionProblem } from './outcome.ts'
import type { Pod } from './pod.ts'

export type Labels = Readonly<Record<string, string>>

export type OptIn =
  | { readonly kind: 'in' | 'out' | 'unsaid' }
  | { readonly kind: 'invalid'; readonly problem: InjectionProblem }

/** Whether a pod is to get a relay. Its own label wins over the one of its namespace. */
export const optIn = ({ metadata }: Pod, namespaceLabels: Labels): OptIn => {
  const own = metadata?.labels?.[injectLabel]
  if (own === 'true') return { kind: 'in' }
  if (own === 'false') return { kind: 'out' }
  if (own !== undefined) return { kind: 'invalid', problem: invalidLabel(own) }
  const inherited = namespaceLabels[injectionLabel]
  return { kind: inherited === 'enabled' ? 'in' : inherited === 'disabled' ? 'out' : 'unsaid' }
}

const invalidLabel = (value: string): InjectionProblem => ({
  message: `label ${injectLabel} cannot be "${excerpt(value)}": it must be "true" or "false"`,
  fix: `write ${injectLabel}: "true", with its quotes, or remove the label`,
  path: ['metadata', 'labels', injectLabel],
})
