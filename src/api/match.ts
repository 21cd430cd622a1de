import * as z from 'zod'
import { listMap } from './lists.ts'
import { validations } from './rule.ts'
import { pathMatchRules } from './rules.ts'
import { headerName } from './scalars.ts'

const pathMatch = z
  .strictObject({
    type: z
      .enum(['Exact', 'PathPrefix', 'RegularExpression'])
      .default('PathPrefix')
      .describe(
        'How value is compared. PathPrefix matches whole segments: /orders takes /orders and /orders/1, not /ordersx. RegularExpression is RE2 and must match the whole path. Defaults to PathPrefix.',
      ),
    value: z
      .string()
      .min(1)
      .max(1024)
      .default('/')
      .describe(
        'The path to compare with, as it stands in the request line. Defaults to /. Example: /orders',
      ),
  })
  .meta(validations(pathMatchRules))

const valueMatch = (what: string, name: z.ZodString) =>
  z
    .strictObject({
      type: z
        .enum(['Exact', 'RegularExpression'])
        .default('Exact')
        .describe(
          'How value is compared. RegularExpression is RE2 and must match the whole value. Defaults to Exact.',
        ),
      name: name.describe(`Name of the ${what}.`),
      value: z.string().max(4096).describe(`Value that the ${what} must have.`),
    })
    .describe(`One ${what} that must be present.`)

/** Which requests a route takes. */
export const match = z
  .strictObject({
    method: z
      .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      .optional()
      .describe('HTTP method. Omitted = any. Example: POST'),
    path: pathMatch.prefault({}).describe('Path of the request, without its query. Omitted = PathPrefix /.'),
    headers: z
      .array(valueMatch('header (any case)', headerName()))
      .max(16)
      .optional()
      .meta(listMap('name'))
      .describe('Headers that must all be present with these values.'),
    queryParams: z
      .array(valueMatch('query parameter', z.string().min(1).max(256)))
      .max(16)
      .optional()
      .meta(listMap('name'))
      .describe(
        'Query parameters that must all be present with these values; the first of a repeated name counts.',
      ),
  })
  .describe('One kind of request: all of its conditions must hold.')
