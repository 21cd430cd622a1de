{{- define "fanout-relay.tests" -}}
{{- if and .Values.tests.enabled (or .Values.controller.enabled .Values.gateway.enabled) }}render{{ end }}
{{- end }}

{{/*
Objects that are there while `helm test` runs. Those with a lower weight are made first.
*/}}
{{- define "fanout-relay.test.metadata" -}}
labels:
  {{- mustMerge (.labels | default dict) (include "fanout-relay.labels" (dict "root" .root "component" "test") | fromYaml) | toYaml | nindent 2 }}
annotations:
  helm.sh/hook: test
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
