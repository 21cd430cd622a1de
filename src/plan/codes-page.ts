import { type CodeEntry, codes } from './codes.ts'

const intro = `# Problem codes

Every problem that \`fanout-relay lint\`, \`run\` and the logs report has a code that never changes its meaning.
Errors (below FR0100) cost the route they are found in, and no other: its last valid version stays in use, or its
requests get 503. Warnings leave the route as it is. This page is generated from the code.
`

const yaml = (title: string, text: string | undefined): string[] =>
  text === undefined ? [] : ['', `${title}:`, '', '```yaml', text, '```']

const section = ({ code, severity, title, why, fix, wrong, right }: CodeEntry): string =>
  [
    '',
    `<a id="${code.toLowerCase()}"></a>`,
    '',
    `## ${code} ${title}`,
    '',
    `- **Symptom:** ${severity} \`${code}\`, ${title}.`,
    `- **Cause:** ${why}`,
    `- **Fix:** ${fix}`,
    ...yaml('Wrong', wrong),
    ...yaml('Right', right),
    '',
  ].join('\n')

/** `docs/codes.md`: one section for each code. */
export const renderCodesPage = (): string => intro + codes.map(section).join('')
