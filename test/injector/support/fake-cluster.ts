import type { ApiAnswer, ApiRequest } from '../../../src/kubernetes/api-client.ts'
import { ApiError, reasonOfStatus } from '../../../src/kubernetes/api-error.ts'

interface Secret {
  readonly metadata: { readonly resourceVersion?: string }
  readonly data?: Readonly<Record<string, string>>
}

/** As much of an API server as certificates need: one Secret and one webhook configuration, with optimistic locking. */
export class FakeCluster {
  secret: Secret | undefined
  /** caBundle of every webhook; `undefined` = no configuration. */
  bundles: (string | undefined)[] | undefined = [undefined, undefined]
  /** `POST secrets`, `PATCH webhooks`: writes that were taken. */
  readonly writes: string[] = []
  /** What was read, in order: `secret`, `webhooks`. */
  readonly reads: string[] = []
  /** Every request fails while it is set. */
  down = false
  /** Every write is refused while it is set. */
  readOnly = false
  #version = 0

  request = async ({ method = 'GET', path, body }: ApiRequest): Promise<ApiAnswer> => {
    await Promise.resolve()
    if (this.down) throw new ApiError('connection', 'no answer')
    const isSecret = path.includes('/secrets')
    if (method === 'GET') this.reads.push(isSecret ? 'secret' : 'webhooks')
    else if (this.readOnly) throw refused(403)
    const answer = isSecret ? this.#ofSecret(method, body as Secret) : this.#ofWebhooks(method, body)
    if (method !== 'GET') this.writes.push(`${method} ${isSecret ? 'secret' : 'webhooks'}`)
    return { status: 200, body: structuredClone(answer) }
  }

  /** The one bundle that all webhooks have. */
  get bundle(): string {
    const [first = ''] = new Set(this.bundles)
    return Buffer.from(first, 'base64').toString()
  }

  #ofSecret(method: string, body: Secret): Secret {
    if (method === 'POST' && this.secret) throw refused(409)
    if (method === 'PUT' && body.metadata.resourceVersion !== this.secret?.metadata.resourceVersion)
      throw refused(409)
    if (method !== 'GET') {
      this.#version += 1
      this.secret = { ...body, metadata: { ...body.metadata, resourceVersion: `${this.#version}` } }
    }
    if (!this.secret) throw refused(404)
    return this.secret
  }

  #ofWebhooks(method: string, body: unknown): unknown {
    if (!this.bundles) throw refused(404)
    if (method === 'PATCH')
      for (const { op, path, value } of body as { op: string; path: string; value: string }[])
        if (op === 'add') this.bundles[Number(path.split('/')[2])] = value
    return {
      webhooks: this.bundles.map((caBundle, index) => ({ name: `w${index}`, clientConfig: { caBundle } })),
    }
  }
}

const refused = (status: number): ApiError =>
  new ApiError(reasonOfStatus(status), `status ${status}`, { status })
