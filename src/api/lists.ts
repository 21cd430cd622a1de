/** Schema metadata that tells the API server how entries of a list are told apart when they are merged. */
export const listMap = (...keys: string[]) => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
})
/** Replaced as a whole. */
export const atomicList = { 'x-kubernetes-list-type': 'atomic' }

/** Each value once. */
export const setList = { 'x-kubernetes-list-type': 'set' }
