import type { PaintMark } from '../check/render.ts'
import { buildInfo } from '../serve/build-info.ts'
import { withCluster } from './check-cluster.ts'
import { readOptions } from './check-options.ts'
import type { Option } from './option.ts'
import { outputOption, toJson } from './output-option.ts'
import { noArguments } from './paths.ts'
import { asCalled } from './program-name.ts'
import { flag } from './values.ts'
import { defineVerb } from './verb.ts'

const pre: Option<boolean> = {
  flag: 'pre',
  description: 'Check what must hold before the chart is installed in the namespace given.',
  default: 'false',
  read: flag,
}

export const check = defineVerb(
  {
    name: 'check',
    summary: 'Find out what is wrong in a cluster, and how to mend it',
    arguments: '',
    description: [
      'Looks at the API server, the CRD, the controller, the webhook and its certificate, access, pods and routes; changes nothing.',
      'What may not be read is skipped, and said. docs/kubernetes/check.md explains every finding.',
      'Exit code 0 = nothing found, 1 = findings, 2 = wrong usage.',
    ],
    options: { ...readOptions, pre, output: outputOption },
    examples: [
      ['fanout-relay check', 'the installation, and the namespace of the context'],
      ['fanout-relay check -A', 'the pods and routes of all namespaces'],
      ['fanout-relay check --pre -n fanout-relay', 'may I install it there, and will it work?'],
    ],
  },
  async ({ values, positionals }, io) => {
    noArguments('check', positionals)
    // Loaded here because the other verbs need none of it.
    const { checkCluster } = await import('../check/check.ts')
    const { checkPre } = await import('../check/check-pre.ts')
    const { gatherFacts } = await import('../check/gather.ts')
    const { gatherPreFacts } = await import('../check/permissions.ts')
    const { checkReport } = await import('../check/report.ts')
    const { renderCheck } = await import('../check/render.ts')
    const { serverFinding } = await import('../check/server-finding.ts')
    const { version } = buildInfo

    const { signal } = new AbortController()
    const looked = await withCluster(values, io, async client => {
      const namespace = values.allNamespaces && !values.pre ? undefined : client.namespace
      const sections = values.pre
        ? checkPre(await gatherPreFacts(client, client.namespace, signal))
        : checkCluster(await gatherFacts(client, { namespace, signal }), version)
      return checkReport({ server: client.server, namespace: namespace ?? null, version }, sections)
    })
    const report =
      'value' in looked
        ? looked.value
        : checkReport({ server: looked.server, version }, [
            {
              title: 'API server',
              lines: [{ what: 'it answers', findings: [serverFinding(looked.error, looked.server)] }],
            },
          ])
    io.stdout(
      values.output === 'json'
        ? toJson(report)
        : asCalled(renderCheck(report, markPainter(io.machine.colour)), io.env),
    )
    return report.findings.length > 0 ? 1 : 0
  },
)

const styles = { ok: 32, error: 31, warn: 33, skip: 36, heading: 1, dim: 2 } as const

const markPainter = (colour: boolean): PaintMark =>
  colour ? (mark, text) => `\x1b[${styles[mark]}m${text}\x1b[0m` : (_, text) => text
