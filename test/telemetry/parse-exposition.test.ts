import { describe, expect, it } from 'vitest'
import { parseExposition } from './parse-exposition.ts'

const head = '# HELP a_total Help.\n# TYPE a_total counter\n'

describe('the strict reader of expositions', () => {
  it('reads values, labels and escapes', () => {
    const [sample] = parseExposition(`${head}a_total{x="q\\"b\\\\n\\n",y=""} 1.5e3\n`, 'text')
    expect(sample).toEqual({ name: 'a_total', labels: { x: 'q"b\\n\n', y: '' }, value: 1500 })
  })

  it.each([
    ['a missing line feed', `${head}a_total 1`],
    ['a blank line', `${head}\na_total 1\n`],
    ['a series that occurs twice', `${head}a_total{x="1",y="2"} 1\na_total{y="2",x="1"} 1\n`],
    ['a family in two pieces', `${head}a_total 1\n# HELP b B\n# TYPE b gauge\nb 1\n# HELP a_total A\n`],
    ['a sample of no family', `${head}b 1\n`],
    ['a bad escape', `${head}a_total{x="\\t"} 1\n`],
    ['an open label set', `${head}a_total{x="1" 1\n`],
    ['a repeated label', `${head}a_total{x="1",x="2"} 1\n`],
    ['a bad value', `${head}a_total Nan\n`],
    ['a negative counter', `${head}a_total -1\n`],
    ['a gauge named like a counter', '# HELP a_total A\n# TYPE a_total gauge\na_total 1\n'],
    [
      'a histogram that falls',
      histogram('_bucket{le="0.1"} 2', '_bucket{le="+Inf"} 1', '_sum 1', '_count 1'),
    ],
    ['a histogram without +Inf', histogram('_bucket{le="0.1"} 2', '_sum 1', '_count 2')],
    ['a count that differs from +Inf', histogram('_bucket{le="+Inf"} 1', '_sum 1', '_count 2')],
    ['a histogram without sum', histogram('_bucket{le="+Inf"} 1', '_count 1')],
  ])('refuses %s', (_what, text) => {
    expect(() => parseExposition(text, 'text')).toThrow()
  })

  it.each([
    ['a missing # EOF', '# HELP a A\n# TYPE a counter\na_total 1\n'],
    ['a counter family with its suffix', `${head}a_total 1\n# EOF\n`],
    ['a counter sample without suffix', '# HELP a A\n# TYPE a counter\na 1\n# EOF\n'],
    ['an info that is not 1', '# HELP a A\n# TYPE a info\na_info{v="1"} 2\n# EOF\n'],
  ])('refuses %s in OpenMetrics', (_what, text) => {
    expect(() => parseExposition(text, 'openmetrics')).toThrow()
  })
})

function histogram(...samples: string[]): string {
  return `# HELP h H\n# TYPE h histogram\n${samples.map(sample => `h${sample}\n`).join('')}`
}
