import type { ApiAnswer, ApiRequest } from '../../../src/kubernetes/api-client.ts'
import { ApiError, reasonOfStatus } from '../../../src/kubernetes/api-error.ts'

interface Secret {
  readonly metadata: { readonly resourceVersion?: string }
  readonly data?: Readonly<Record<string, string>>
}

interface PatchOperation {
  readonly op: string
  readonly path: string
  readonly value: string
}

/** As much of an API server as certificates need: one Secret and one webhook configuration, with optimistic locking. */
export class FakeCluster {
  secret: Secret | undefined
  /** caBundle of every webhook; `undefined` = no configuration. */
  bundles: (string | undefined)[] | undefined = [undefined, undefined]
  /** Names of the webhooks, in their order. */
  names = ['w0', 'w1']
  /** Called when a PATCH has come, before it is looked at. */
  onPatch: () => void = () => {}
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
    if (method === 'PATCH') this.#patch(this.bundles, body as readonly PatchOperation[])
    return {
      webhooks: this.bundles.map((caBundle, index) => ({
        name: this.names[index],
        clientConfig: { caBundle },
      })),
    }
  }

  #patch(bundles: (string | undefined)[], operations: readonly PatchOperation[]): void {
    this.onPatch()
    const indexOf = ({ path }: PatchOperation) => Number(path.split('/')[2])
    for (const operation of operations)
      if (operation.op === 'test' && this.names[indexOf(operation)] !== operation.value) throw refused(422)
    for (const operation of operations)
      if (operation.op === 'add') bundles[indexOf(operation)] = operation.value
  }
}

const refused = (status: number): ApiError =>
  new ApiError(reasonOfStatus(status), `status ${status}`, { status })
