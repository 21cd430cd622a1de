const special = /[\\"\n]/g
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

const escapeLabelValue = (value: string): string => value.replace(special, found => escapes[found]!)

/** `['route', 'code'], ['shop/orders', '200']` -> `route="shop/orders",code="200"` */
export const formatLabels = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, index) => `${name}="${escapeLabelValue(values[index] ?? '')}"`).join(',')
