{{- define "fanout-relay.controller.container" -}}
{{- $controller := .Values.controller -}}
name: controller
image: {{ include "fanout-relay.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  {{- include "fanout-relay.controller.args" . | nindent 2 }}
{{- with $controller.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $isMounted := include "fanout-relay.certManager" . }}
{{- if or $isMounted $controller.extraVolumeMounts }}
volumeMounts:
  {{- if $isMounted }}
  - {name: certificate, mountPath: {{ include "fanout-relay.certificate.directory" . }}, readOnly: true}
  {{- end }}
  {{- with $controller.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
ports:
  - {name: webhook, containerPort: 10250}
  - {name: metrics, containerPort: 8080}
  - {name: health, containerPort: 8081}
startupProbe: {httpGet: {path: /livez, port: 8081}, periodSeconds: 1, failureThreshold: 60}
livenessProbe: {httpGet: {path: /livez, port: 8081}, periodSeconds: 10, timeoutSeconds: 3}
readinessProbe: {httpGet: {path: /readyz, port: 8081}, periodSeconds: 5, timeoutSeconds: 3}
resources:
  {{- toYaml $controller.resources | nindent 2 }}
securityContext:
  {{- toYaml $controller.securityContext | nindent 2 }}
{{- end }}
