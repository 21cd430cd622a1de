import type { MiddlewareHandler } from 'hono'
import { problemResponse } from './problem-response.ts'

const loopback = ['localhost', '127.0.0.1', '[::1]']

/**
 * Refuses requests that name another host: a page whose own name was made to resolve to this machine (DNS
 * rebinding) sends that name. `hosts` without ports are allowed beside those of the loopback interface.
 */
export function hostGuard(hosts: readonly string[]): MiddlewareHandler {
  const allowed = new Set([...loopback, ...hosts.map(host => host.toLowerCase())])
  return async function guardHost(context, next) {
    if (allowed.has(hostName(context.req.header('host') ?? ''))) return next()
    return problemResponse(context, {
      status: 421,
      code: 'host_not_allowed',
      title: 'This host name is not served here',
      detail: 'Use http://localhost with the port of the admin API.',
    })
  }
}

/** `LocalHost:4781` -> `localhost`, `[::1]:4781` -> `[::1]`; anything malformed -> ''. */
const hostName = (host: string): string =>
  /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/.exec(host.toLowerCase())?.[1] ?? ''
