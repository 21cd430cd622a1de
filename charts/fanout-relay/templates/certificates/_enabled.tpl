{{/*
Not empty when cert-manager makes the webhook's certificate, in the controller's place.
*/}}
{{- define "fanout-relay.certManager" -}}
{{- if and .Values.controller.enabled .Values.injector.enabled .Values.certManager.enabled }}yes{{ end }}
{{- end }}

{{- define "fanout-relay.certificate.directory" -}}
/etc/fanout-relay/webhook-certificate
{{- end }}
