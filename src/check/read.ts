import type { ClusterClient } from '../kubernetes/api-client.ts'
import { ApiError } from '../kubernetes/api-error.ts'
import { list } from '../kubernetes/list.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Resource } from '../kubernetes/resource.ts'
import { absent, type Fact, found } from './fact.ts'

/** Reads facts: what is not there, or may not be read, is a fact too. */
export interface Reader {
  get<T extends KubernetesObject>(path: string): Promise<Fact<T>>
  /** `absent` = the API server knows no such resource. */
  list<T extends KubernetesObject>(resource: Resource): Promise<Fact<readonly T[]>>
}

const deadlineMs = 10_000

/** Reads with a deadline of 10 s for each request. */
export const reader = (client: ClusterClient, signal: AbortSignal): Reader => ({
  get: path => factOf(async () => (await client.request({ path, deadlineMs, signal })).body as never),
  list: resource => factOf(async () => [...(await list(client, resource, signal)).objects.values()] as never),
})

/** @throws what is no ApiError: a defect */
export const factOf = async <T>(read: () => Promise<T>): Promise<Fact<T>> => {
  try {
    return found(await read())
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return error.reason === 'not_found' ? absent : { kind: 'unread', reason: error.reason, error }
  }
}

/** Several facts as one: the first that could not be read, or all together; what is absent adds nothing. */
export const joined = <T>(facts: readonly Fact<readonly T[]>[]): Fact<readonly T[]> => {
  const unread = facts.find(({ kind }) => kind === 'unread')
  return unread ?? found(facts.flatMap(fact => (fact.kind === 'found' ? fact.value : [])))
}
