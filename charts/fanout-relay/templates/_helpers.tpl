{{/*
Labels of an object. Takes (dict "root" $ "component" "controller"); without a component, of none.
*/}}
{{- define "fanout-relay.labels" -}}
{{- $labels := include "fanout-relay.selectorLabels" . | fromYaml }}
{{- $_ := set $labels "app.kubernetes.io/version" .root.Chart.AppVersion }}
{{- $_ := set $labels "app.kubernetes.io/part-of" "fanout-relay" }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .root.Release.Service }}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") }}
{{- mustMerge $labels .root.Values.global.commonLabels | toYaml }}
{{- end }}

{{/*
What selectors hold. Never more than this: the selector of a Deployment cannot be changed.
*/}}
{{- define "fanout-relay.selectorLabels" -}}
app.kubernetes.io/name: {{ include "fanout-relay.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "fanout-relay.image" -}}
{{- $image := .Values.image }}
{{- $path := $image.repository }}
{{- if .Values.global.imageRegistry }}
{{- /* The first part is a registry when it could be a host. */}}
{{- $path = regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $path "" | printf "%s/%s" (trimSuffix "/" .Values.global.imageRegistry) }}
{{- end }}
{{- if $image.digest }}
{{- printf "%s@%s" $path $image.digest }}
{{- else }}
{{- printf "%s:%s" $path ($image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "fanout-relay.imagePullSecrets" -}}
{{- with concat .Values.imagePullSecrets .Values.global.imagePullSecrets | uniq -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
