{{/*
Where pods run. Takes (dict "root" $ "component" "controller" "values" .Values.controller).
*/}}
{{- define "fanout-relay.scheduling" }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .values.topologySpreadConstraints }}
{{- $selector := dict "matchLabels" (include "fanout-relay.selectorLabels" . | fromYaml) }}
topologySpreadConstraints:
  {{- range .values.topologySpreadConstraints }}
  {{- /* Not by ternary, which would evaluate the merge, and so change $selector, for others as well. */}}
  {{- $constraint := . }}
  {{- if not (hasKey . "labelSelector") }}
  {{- $constraint = merge (dict "labelSelector" $selector) . }}
  {{- end }}
  - {{ toYaml $constraint | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- end }}
