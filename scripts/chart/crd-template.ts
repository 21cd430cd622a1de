import { type Document, parseDocument, type YAMLMap } from 'yaml'
import { renderCrd } from '../../src/api/crd.ts'

const metadata = `  {{- if or .Values.crds.keep .Values.crds.annotations }}
  annotations:
    {{- if .Values.crds.keep }}
    helm.sh/resource-policy: keep
    {{- end }}
    {{- with .Values.crds.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  labels:
    {{- include "fanout-relay.labels" (dict "root" $) | nindent 4 }}
`

/**
 * The CRD as a template of the chart. Of Helm's two places for CRDs this is the one that `helm upgrade` upgrades;
 * the other one, `crds/`, is only ever installed.
 */
export const renderCrdTemplate = (): string => {
  const crd = renderCrd()
  const name = nameOf(parseDocument(crd))
  const line = `  name: ${name}\n`
  const [before, after, ...more] = crd.split(line)
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`the CRD must have one line "${line.trim()}"`)
  }
  return `{{- if .Values.crds.enabled }}\n${before}${line}${metadata}${escaped(after)}{{- end }}\n`
}

const nameOf = (crd: Document.Parsed): string =>
  (crd.contents as YAMLMap).getIn(['metadata', 'name']) as string

/** A description may show a template; Helm must not run it. */
const escaped = (text: string): string => text.replaceAll('{{', '{{ "{{" }}')
