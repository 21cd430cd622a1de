import type { Logger } from '../core/logger.ts'
import type { ApiError, ApiErrorReason } from './api-error.ts'

/** What a person has to mend. */
const severe: Partial<Record<ApiErrorReason, string>> = {
  credentials: 'check the mounted token, or the kubeconfig',
  unauthorized: 'the API server refuses the token: check that it is this cluster’s and not expired',
  forbidden: 'grant get, list and watch on the resource to this ServiceAccount',
  not_found: 'the API server does not know the resource: install its CustomResourceDefinition',
  terminating: 'the CustomResourceDefinition is being deleted: what is known stays in use; install it again',
  tls: 'check the CA certificate of the API server',
}

/** Writes a line when a reflector loses its server, when the reason changes or does not pass, and when it is back; not in between. */
export class ReflectorLog {
  readonly #logger: Logger | undefined
  readonly #resource: string
  #reason: ApiErrorReason | undefined
  /** What is being waited for may still pass by itself. */
  #isPassing = false

  constructor(logger: Logger | undefined, resource: string) {
    this.#logger = logger
    this.#resource = resource
  }

  /** `isPassing`: an API server that has just begun says the same for a moment, so nobody needs to do anything yet. */
  lost(error: ApiError, { isPassing }: { readonly isPassing: boolean }): void {
    const { reason, message } = error
    if (reason === this.#reason && (isPassing || !this.#isPassing)) return
    this.#reason = reason
    this.#isPassing = isPassing
    const fix = isPassing ? undefined : (error.fix ?? severe[reason])
    const fields = { resource: this.#resource, reason, detail: message, ...(fix !== undefined && { fix }) }
    this.#logger?.[fix === undefined ? 'warn' : 'error'](fields, 'not following the API server; trying again')
  }

  recovered(): void {
    if (this.#reason === undefined) return
    this.#reason = undefined
    this.#logger?.info({ resource: this.#resource }, 'following the API server again')
  }

  drifted(count: number): void {
    this.#logger?.warn(
      { resource: this.#resource, count },
      'a list showed changes that the watch had not brought',
    )
  }

  threw(err: unknown): void {
    this.#logger?.error({ resource: this.#resource, err }, 'a change could not be taken over')
  }
}
