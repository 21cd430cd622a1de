import * as z from 'zod'
import { listMap, setList } from './lists.ts'
import { validations } from './rule.ts'
import { pathRewriteRules } from './rules.ts'
import { headerName, headerValue } from './scalars.ts'

const headerPair = z
  .strictObject({
    name: headerName().describe('Name of the header. Example: x-source'),
    value: headerValue().describe('Value of the header. Example: relay'),
  })
  .describe('One header.')

/** How the request of a leg differs from the caller's. */
export const legRequest = z.strictObject({
  method: z
    .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    .optional()
    .describe("Method to send. Omitted = the caller's."),
  urlRewrite: z
    .strictObject({
      hostname: z
        .string()
        .min(1)
        .max(253)
        .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$/, 'must be a host name such as inventory.shop')
        .optional()
        .describe('Host header to send. Omitted = the host of the upstream. Example: inventory.shop'),
      path: z
        .strictObject({
          type: z
            .enum(['ReplaceFullPath', 'ReplacePrefixMatch'])
            .describe(
              'ReplaceFullPath sends to one path; ReplacePrefixMatch replaces what a PathPrefix matched.',
            ),
          replaceFullPath: z
            .string()
            .max(1024)
            .regex(/^\/[!-"$->@-~]*$/, 'must start with / and contain neither ? nor #')
            .optional()
            .describe("Path to send; the caller's query is kept. Example: /inventory/deduct"),
          replacePrefixMatch: z
            .string()
            .max(1024)
            .regex(/^\/[!-"$->@-~]*$/, 'must start with / and contain neither ? nor #')
            .optional()
            .describe('What replaces the matched prefix. Example: /v2/orders'),
        })
        .meta(validations(pathRewriteRules))
        .optional()
        .describe("How the path differs. Omitted = the caller's path."),
    })
    .optional()
    .describe("How the target differs from the caller's."),
  headers: z
    .strictObject({
      set: z
        .array(headerPair)
        .max(16)
        .optional()
        .meta(listMap('name'))
        .describe('Headers to send in place of any the caller sent under the same name.'),
      add: z
        .array(headerPair)
        .max(16)
        .optional()
        .meta(listMap('name'))
        .describe('Headers to send beside those of the caller.'),
      remove: z
        .array(headerName().describe('Name of a header. Example: cookie'))
        .max(16)
        .optional()
        .meta(setList)
        .describe('Headers not to send. Example: cookie'),
    })
    .optional()
    .describe("How the headers differ from the caller's. They are applied in the order remove, set, add."),
})
