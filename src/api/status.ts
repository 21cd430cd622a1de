import * as z from 'zod'
import { conditionTypes } from './labels.ts'
import { atomicList, listMap } from './lists.ts'

/** Longest message of a condition, in characters. */
export const maxMessageLength = 1024
/** Workloads listed in a status. */
export const maxWorkloads = 16

const generation = () => z.int().min(0).max(Number.MAX_SAFE_INTEGER).meta({ format: 'int64' })
const count = () => z.int().min(0).max(1_000_000)

const condition = z
  .strictObject({
    type: z
      .string()
      .min(1)
      .max(64)
      .describe(
        `What the condition is about: ${conditionTypes.slice(0, -1).join(', ')} or ${conditionTypes.at(-1)}.`,
      ),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
    reason: z.string().min(1).max(64).describe('Why, as one word for programs. Example: BackendNotFound'),
    message: z.string().max(maxMessageLength).describe('Why, for people, and how to mend it.'),
    lastTransitionTime: z.iso
      .datetime()
      .max(64)
      .meta({ format: 'date-time' })
      .describe('When status last changed.'),
    observedGeneration: generation()
      .optional()
      .describe('metadata.generation that this was found out about; an older one is stale.'),
  })
  .describe('One thing that is, or is not, so.')

const workload = z
  .strictObject({
    kind: z.string().min(1).max(63).describe('Kind of the workload. Example: Deployment'),
    name: z.string().min(1).max(253).describe('Name of the workload. Example: checkout'),
    relays: count().describe('Relays of the workload that the route is for.'),
    programmed: count().describe('How many of them run this generation.'),
  })
  .describe('One workload whose relays the route is for.')

/** What the controller writes about a route; nobody else does. */
export const routeStatus = z.strictObject({
  observedGeneration: generation().optional().describe('metadata.generation that the whole status is about.'),
  conditions: z
    .array(condition)
    .max(8)
    .optional()
    .meta(listMap('type'))
    .describe(
      'Accepted: the route is valid. ResolvedRefs: the Services and ports it names exist. Programmed: every relay it is for runs this generation. Ready: all three. Overridden, only when True: another route takes all of its requests.',
    ),
  summary: z
    .strictObject({
      upstreams: z
        .string()
        .max(128)
        .optional()
        .describe('How many upstreams of each role. Example: 1 required, 1 optional'),
      strategy: z.string().max(32).optional().describe('response.success in effect. Example: All'),
      relays: z
        .string()
        .max(32)
        .optional()
        .describe('Relays that run this generation, of those the route is for. Example: 4/6'),
    })
    .optional()
    .describe('What `kubectl get` shows in columns.'),
  workloads: z
    .array(workload)
    .max(maxWorkloads)
    .optional()
    .meta(atomicList)
    .describe('Workloads whose relays the route is for, by name: the first 16.'),
  truncated: z.boolean().optional().describe('True when there are more workloads than are listed.'),
})

export type RouteStatus = z.output<typeof routeStatus>
export type Condition = z.output<typeof condition>
export type WorkloadStatus = z.output<typeof workload>
