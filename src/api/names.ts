/** The API's names, kept in one place: every manifest, label and message is built from them. */
export const group = 'fanoutrelay.dev'
export const version = 'v1alpha1'
export const apiVersion = `${group}/${version}`
export const kind = 'FanOutRoute'
export const plural = 'fanoutroutes'
export const singular = 'fanoutroute'
export const shortNames = ['fo']
export const categories = ['fanout-relay']

/** Namespace of routes read from files that name none. */
export const defaultNamespace = 'default'
