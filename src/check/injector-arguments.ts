import type { WorkloadObject } from './objects.ts'

/** What the Deployment of the controller tells about its injector. */
export interface InjectorArguments {
  /** False = it was started without an image to inject. */
  readonly isOn: boolean
  /** Images that pods may name; `['*']` = not known, so none is taken for wrong. */
  readonly allowedImages: readonly string[]
}

const unknown: InjectorArguments = { isOn: true, allowedImages: ['*'] }

/** Reads the command line as the chart writes it. */
export const injectorArguments = (deployment: WorkloadObject | undefined): InjectorArguments => {
  const container = deployment?.spec.template.spec.containers.find(({ args }) => args?.[0] === 'controller')
  if (!container) return unknown
  const { args = [], env = [] } = container
  // A variable may come from a Secret or ConfigMap, and a value of its own argument is not ours to find.
  const isElsewhere = (flag: string, variable: string): boolean =>
    args.includes(flag) || env.some(({ name }) => name === variable)
  const given = (flag: string): readonly string[] =>
    args.filter(text => text.startsWith(`${flag}=`)).map(text => text.slice(flag.length + 1))
  return {
    isOn: given('--relay-image').length > 0 || isElsewhere('--relay-image', 'FANOUT_RELAY_IMAGE'),
    allowedImages: isElsewhere('--allowed-image', 'FANOUT_ALLOWED_IMAGE') ? ['*'] : given('--allowed-image'),
  }
}
