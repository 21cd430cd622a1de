/** A FanOutRoute in the default namespace; `spec` is YAML, or anything JSON can say. */
export const routeYaml = (name: string, spec: object): string =>
  JSON.stringify(
    { apiVersion: 'fanoutrelay.dev/v1alpha1', kind: 'FanOutRoute', metadata: { name }, spec },
    null,
    2,
  )

/** One upstream behind a path prefix, with more fields of the spec. */
export const oneUpstream = (name: string, url: string, more: object = {}): string =>
  routeYaml(name, {
    matches: [{ path: { value: `/${name}` } }],
    upstreams: [{ name: 'only', url }],
    ...more,
  })
