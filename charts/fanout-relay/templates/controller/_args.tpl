{{- define "fanout-relay.controller.args" -}}
- controller
- --log-level={{ .Values.controller.logLevel }}
{{- /* Without an image to inject there is no injector. */}}
{{- if .Values.injector.enabled }}
- --relay-image={{ .Values.relay.image | default (include "fanout-relay.image" .) }}
{{- /* Numbers of a values file are floating-point: without int64 a large one would be written 1e+09. */}}
- --relay-run-as-user={{ if kindIs "invalid" .Values.relay.runAsUser }}none{{ else }}{{ int64 .Values.relay.runAsUser }}{{ end }}
{{- if include "fanout-relay.certManager" . }}
- --webhook-certificate={{ include "fanout-relay.certificate.directory" . }}
{{- end }}
{{- range .Values.relay.allowedImages }}
- {{ printf "--allowed-image=%s" . | quote }}
{{- end }}
{{- include "fanout-relay.relayDefaults.check" . }}
{{- range $name, $value := .Values.relay.defaults }}
{{- if $value }}
- {{ printf "--relay-default=%s=%v" (kebabcase $name) $value | quote }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.relay.env }}
- {{ printf "--relay-env=%s=%s" $name $value | quote }}
{{- end }}
{{- end }}
{{- range .Values.controller.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
