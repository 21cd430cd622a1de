import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderCrdTemplate } from './crd-template.ts'
import { chartFolder, readChartValues } from './values-file.ts'
import { renderValuesSchema } from './values-schema.ts'
import { renderReadme } from './values-table.ts'

/** Files of the chart that are made from others. */
export const chartFiles: readonly { readonly path: string; readonly render: () => string }[] = [
  { path: 'charts/fanout-relay/templates/crds/fanoutroutes.yaml', render: renderCrdTemplate },
  {
    path: 'charts/fanout-relay/values.schema.json',
    render: () => renderValuesSchema(readChartValues()),
  },
  {
    path: 'charts/fanout-relay/README.md',
    render: () => renderReadme(readFileSync(join(chartFolder, 'README.md'), 'utf8'), readChartValues()),
  },
]
