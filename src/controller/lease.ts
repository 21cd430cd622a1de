import type { ClusterClient } from '../kubernetes/api-client.ts'
import { ApiError } from '../kubernetes/api-error.ts'

/** As much of a Lease (coordination.k8s.io/v1) as an election needs. */
export interface LeaseObject {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly resourceVersion?: string
  }
  readonly spec?: LeaseSpec
}

export interface LeaseSpec {
  /** Absent or '' = nobody. */
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  /** RFC 3339 with microseconds. */
  readonly acquireTime?: string
  readonly renewTime?: string
  readonly leaseTransitions?: number
}

/** One Lease of the API server. */
export interface LeaseClient {
  /** `undefined` = there is none. @throws ApiError */
  read(deadlineMs: number): Promise<LeaseObject | undefined>
  /** Writes over the version read, or creates it. `undefined` = somebody else was faster. @throws ApiError */
  write(spec: LeaseSpec, over: LeaseObject | undefined, deadlineMs: number): Promise<LeaseObject | undefined>
}

/** The Lease of that name. */
export const leaseClient = (client: ClusterClient, namespace: string, name: string): LeaseClient => {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  return {
    read: async deadlineMs => {
      try {
        return (await client.request({ path: `${collection}/${name}`, deadlineMs })).body as LeaseObject
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined
        throw error
      }
    },
    write: async (spec, over, deadlineMs) => {
      // The version makes the write fail when the lease is not what was read: two can never hold it.
      const resourceVersion = over?.metadata.resourceVersion
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace, ...(resourceVersion !== undefined && { resourceVersion }) },
        spec,
      }
      try {
        const target = over
          ? { method: 'PUT', path: `${collection}/${name}` }
          : { method: 'POST', path: collection }
        return (await client.request({ ...target, body, deadlineMs })).body as LeaseObject
      } catch (error) {
        if (error instanceof ApiError && (error.status === 409 || error.status === 404)) return undefined
        throw error
      }
    },
  }
}
