import * as z from 'zod'
import {
  labelKeyPattern,
  labelRequirementRules,
  labelSelectorRules,
  labelValuePattern,
} from './label-rules.ts'
import { atomicList } from './lists.ts'
import { validations } from './rule.ts'

const labelValue = () =>
  z
    .string()
    .max(63)
    .regex(
      new RegExp(labelValuePattern),
      'must be a label value: at most 63 letters, digits, dashes, underscores and dots, beginning and ending with a letter or digit',
    )

const labelKey = () =>
  z
    .string()
    .min(1)
    .max(317)
    .regex(new RegExp(labelKeyPattern), 'must be a label key such as tier or app.kubernetes.io/name')

const requirement = z
  .strictObject({
    key: labelKey().describe('Key of the label. Example: tier'),
    operator: z
      .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
      .describe(
        'How the label is compared. In, NotIn: its value is, or is not, among values; NotIn also takes pods without the label. Exists, DoesNotExist: whether the label is there.',
      ),
    values: z
      .array(labelValue().describe('A value of the label. Example: web'))
      .max(16)
      .optional()
      .meta(atomicList)
      .describe('Values to compare with, for In and NotIn.'),
  })
  .meta(validations(labelRequirementRules))
  .describe('One condition on a label.')

/** A LabelSelector as Kubernetes has it, bounded. */
export const labelSelector = z
  .strictObject({
    matchLabels: z
      .record(z.string(), labelValue().describe('Value that the label must have. Example: checkout'))
      // The cost of a rule over keys is bounded by their number alone.
      .meta({ maxProperties: 8 })
      .optional()
      .describe('Labels that must all be present with these values, by key.'),
    matchExpressions: z
      .array(requirement)
      .max(16)
      .optional()
      .meta(atomicList)
      .describe('Conditions on labels that must all hold.'),
  })
  .meta(validations(labelSelectorRules))

export type LabelSelector = z.output<typeof labelSelector>
export type LabelRequirement = z.output<typeof requirement>
