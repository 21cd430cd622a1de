{{/*
Refuses what no pattern of the schema can: the controller would not start with it.
*/}}
{{- define "fanout-relay.relayDefaults.check" -}}
{{- with .Values.relay.defaults.shutdownTimeout }}
{{- $ms := include "fanout-relay.milliseconds" . | int64 }}
{{- if or (lt $ms 1000) (gt $ms 3600000) }}
{{- fail (printf "relay.defaults.shutdownTimeout is %s: it must be from 1s to 1h" .) }}
{{- end }}
{{- end }}
{{- end }}
