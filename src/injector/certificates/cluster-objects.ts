import type { ClusterClient } from '../../kubernetes/api-client.ts'
import { ApiError } from '../../kubernetes/api-error.ts'
import type { SecretData } from './held.ts'

/** As much of a client as certificates need. */
export type Requests = Pick<ClusterClient, 'request'>

const notFound = (error: unknown): undefined => {
  if (error instanceof ApiError && error.reason === 'not_found') return undefined
  throw error
}

const get = async <T>(client: Requests, path: string): Promise<T | undefined> =>
  (await client.request({ path }).catch(notFound))?.body as T | undefined

/** The Secret as it was read; a write names its version, so that it fails if another has written since. */
export interface StoredSecret {
  readonly data: SecretData
  readonly resourceVersion: string
}

export interface CertificateSecret {
  /** `undefined` = there is none. */
  read(): Promise<StoredSecret | undefined>
  /** Creates it, or replaces what was read. Throws an ApiError with status 409 when another writer was first. */
  write(data: SecretData, before: StoredSecret | undefined): Promise<void>
}

interface SecretObject {
  readonly metadata: { readonly resourceVersion: string }
  readonly data?: SecretData | null
}

export const certificateSecret = (client: Requests, namespace: string, name: string): CertificateSecret => {
  const all = `/api/v1/namespaces/${namespace}/secrets`
  return {
    read: async () => {
      const found = await get<SecretObject>(client, `${all}/${name}`)
      return found && { data: found.data ?? {}, resourceVersion: found.metadata.resourceVersion }
    },
    write: async (data, before) => {
      const labels = { 'app.kubernetes.io/name': 'fanout-relay', 'app.kubernetes.io/component': 'injector' }
      const metadata = { name, namespace, labels }
      const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data }
      if (!before) await client.request({ method: 'POST', path: all, body: secret })
      else {
        const { resourceVersion } = before
        await client.request({
          method: 'PUT',
          path: `${all}/${name}`,
          body: { ...secret, metadata: { ...metadata, resourceVersion } },
        })
      }
    },
  }
}

export interface CaBundles {
  /** The one text that all webhooks have; '' = none have any; `undefined` = no configuration. */
  read(): Promise<string | undefined>
  /** Writes the caBundle fields and nothing else. */
  write(bundle: string): Promise<void>
}

interface WebhookConfiguration {
  readonly webhooks?: readonly {
    readonly name: string
    readonly clientConfig: { readonly caBundle?: string }
  }[]
}

export const caBundles = (client: Requests, name: string): CaBundles => {
  const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${name}`
  const webhooks = async () => {
    const found = await get<WebhookConfiguration>(client, path)
    return found?.webhooks
  }
  return {
    read: async () => {
      const bundles = (await webhooks())?.map(({ clientConfig }) => clientConfig.caBundle ?? '')
      if (!bundles || bundles.length === 0) return undefined
      // Different ones are as good as none: publishing makes them one.
      const same = bundles.every(bundle => bundle === bundles[0])
      return same ? Buffer.from(bundles[0]!, 'base64').toString('utf8') : ''
    },
    write: async bundle => {
      const value = Buffer.from(bundle, 'utf8').toString('base64')
      // A list that changed in between fails the tests, not the wrong webhook.
      const body = ((await webhooks()) ?? []).flatMap((webhook, index) => [
        { op: 'test', path: `/webhooks/${index}/name`, value: webhook.name },
        { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value },
      ])
      if (body.length > 0)
        await client.request({ method: 'PATCH', path, body, contentType: 'application/json-patch+json' })
    },
  }
}
