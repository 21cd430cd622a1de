import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import { resolve } from 'node:path'
import type { KubeConfig as Loaded } from '@kubernetes/client-node'
import type { Clock } from '../core/clock.ts'
import { ApiError, type ApiErrorDetails } from './api-error.ts'
import type { Credentials, Identity, TlsMaterial } from './credentials.ts'

/** Files and plugins behind a user may change as often as a token does. */
const rereadMs = 60_000

/** What a kubeconfig says about one context. */
export interface KubeconfigContext {
  readonly server: string
  /** `default` when the context names none. */
  readonly namespace: string
  readonly credentials: Credentials
}

/**
 * Reads a kubeconfig with client-node, whose users may have tokens, certificates, plugins and OIDC. The library
 * costs 87 MB and a second, so it is loaded here alone: a relay in a pod reads its token directory instead.
 *
 * @throws ApiError `credentials` for a file or a context that cannot be used
 */
export const loadKubeconfig = async (
  path: string,
  context: string | undefined,
  clock: Clock,
): Promise<KubeconfigContext> => {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const load = (): Loaded => {
    const config = new KubeConfig()
    try {
      config.loadFromFile(path)
    } catch (error) {
      throw unreadable(path, error)
    }
    if (context !== undefined) config.setCurrentContext(context)
    return config
  }
  let config = load()
  const cluster = config.getCurrentCluster()
  if (!cluster) throw noCluster(config, path, context)
  if (cluster.proxyUrl)
    throw unusable(path, 'proxy-url is not supported', {
      fix: 'remove proxy-url where the API server can be reached without, or name another context',
    })
  let known: Identity | undefined
  let readAt = Number.NEGATIVE_INFINITY
  return {
    server: cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    credentials: {
      current: async () => {
        if (known && clock.now() - readAt < rereadMs) return known
        try {
          known = await identityOf(config, path)
          readAt = clock.now()
        } catch (error) {
          if (!known) throw noIdentity(path, error)
        }
        return known
      },
      refresh: () => {
        readAt = Number.NEGATIVE_INFINITY
        // Plugins remember their tokens in the object that was loaded.
        config = loadOr(load, config)
      },
    },
  }
}

/** A file that is being written right now does not make us forget the last one. */
const loadOr = (load: () => Loaded, before: Loaded): Loaded => {
  try {
    return load()
  } catch {
    return before
  }
}

const identityOf = async (config: Loaded, path: string): Promise<Identity> => {
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {}))
    if (value !== undefined) headers[name.toLowerCase()] = String(value)
  if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`
  const tokenFile = await tokenFileOf(config, path)
  if (tokenFile !== undefined)
    headers['authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`
  return { headers, tls: tlsOf(options) }
}

const tlsOf = ({
  ca,
  cert,
  key,
  passphrase,
  servername,
  rejectUnauthorized,
}: RequestOptions): TlsMaterial => ({
  ...(ca && { ca: ca as Buffer }),
  ...(cert && { cert: cert as Buffer }),
  ...(key && { key: key as Buffer }),
  ...(passphrase && { passphrase }),
  ...(servername && { servername }),
  ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
})

interface RawKubeconfig {
  readonly users?: readonly { readonly name?: unknown; readonly user?: { readonly tokenFile?: unknown } }[]
}

/** client-node leaves `tokenFile` of a user out. */
const tokenFileOf = async (config: Loaded, path: string): Promise<string | undefined> => {
  const { parse } = await import('yaml')
  const { users } = (parse(await readFile(path, 'utf8')) ?? {}) as RawKubeconfig
  const name = config.getCurrentUser()?.name
  const found = users?.find(user => user.name === name)?.user?.tokenFile
  return typeof found === 'string' ? resolve(path, '..', found) : undefined
}

/** `--context` names one that the kubeconfig does not have: a slip on the command line. */
export class NoSuchContext extends ApiError {}

const another = 'name another kubeconfig with --kubeconfig, or fetch one from whoever runs the cluster'

const unreadable = (path: string, error: unknown): ApiError => {
  const { code, message } = error as NodeJS.ErrnoException
  const [line = ''] = message.split('\n', 1)
  if (code !== undefined)
    return unusable(path, line, { cause: error, fix: `make it a file that you may read, or ${another}` })
  // Where the file holds nothing but comments, client-node looks into nothing.
  const isEmpty = error instanceof TypeError || statSync(path, { throwIfNoEntry: false })?.size === 0
  if (isEmpty) return unusable(path, 'it is empty', { cause: error, fix: another })
  return unusable(path, line, { cause: error, fix: `mend this place of the file, or ${another}` })
}

const noCluster = (config: Loaded, path: string, wanted: string | undefined): ApiError => {
  const names = config.getContexts().map(({ name }) => name)
  const known = names.length > 0 ? `it has ${names.slice(0, 10).join(', ')}` : 'it has none'
  if (wanted !== undefined && !names.includes(wanted)) {
    const fix = names.length > 0 ? 'correct --context, or leave it out' : another
    return new NoSuchContext('credentials', `kubeconfig ${path} has no context ${wanted}; ${known}`, { fix })
  }
  const current = config.getCurrentContext()
  if (names.includes(current))
    return unusable(path, `it has no cluster of the name that context ${current} gives`, {
      fix: 'correct the context, or name another one with --context',
    })
  const choose = 'name one with --context, or choose one with kubectl config use-context'
  return unusable(path, `no current context; ${known}`, { fix: names.length > 0 ? choose : another })
}

/** What a user of a kubeconfig needs on this machine may be missing: a plugin to log in with, or a file. */
const noIdentity = (path: string, error: unknown): ApiError => {
  const { code, message, syscall = '', path: missing = '' } = error as NodeJS.ErrnoException
  if (code === undefined) return unusable(path, message, { cause: error })
  if (syscall.startsWith('spawn'))
    return unusable(path, `its user logs in with the command ${missing}, which cannot be run (${code})`, {
      cause: error,
      fix: `install ${missing} and see that it is in PATH, or name another context with --context`,
    })
  return unusable(path, message, {
    cause: error,
    fix: `see that ${missing || 'the file'} is there and may be read, or fetch a new kubeconfig`,
  })
}

const unusable = (path: string, why: string, details: ApiErrorDetails = {}): ApiError =>
  new ApiError('credentials', `kubeconfig ${path} cannot be used: ${why}`, details)
