import { annotationPrefix } from '../api/labels.ts'
import { annotations } from './annotations.ts'

/** The table of docs/kubernetes/injection.md. */
export const renderAnnotationTable = (): string =>
  [
    '| annotation | value | default | meaning | becomes |',
    '| --- | --- | --- | --- | --- |',
    ...Object.values(annotations).map(
      ({ name, value, default: fallback, description, becomes }) =>
        `| \`${annotationPrefix}${name}\` | ${value} | ${fallback && `\`${fallback}\``} | ${description} | ${becomes} |`,
    ),
  ].join('\n')
