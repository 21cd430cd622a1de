{{- define "fanout-relay.controller.args" -}}
- controller
- --log-level={{ .Values.controller.logLevel }}
{{- /* Without an image to inject there is no injector. */}}
{{- if .Values.injector.enabled }}
- --relay-image={{ .Values.relay.image | default (include "fanout-relay.image" .) }}
{{- if include "fanout-relay.certManager" . }}
- --webhook-certificate={{ include "fanout-relay.certificate.directory" . }}
{{- end }}
{{- range .Values.relay.allowedImages }}
- {{ printf "--allowed-image=%s" . | quote }}
{{- end }}
{{- range $name, $value := .Values.relay.defaults }}
{{- if $value }}
- {{ printf "--relay-default=%s=%s" (kebabcase $name) $value | quote }}
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
