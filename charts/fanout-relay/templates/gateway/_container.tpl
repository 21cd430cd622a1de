{{- define "fanout-relay.gateway.container" -}}
{{- $gateway := .Values.gateway -}}
name: fanout-relay
image: {{ include "fanout-relay.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - run
  - --kubernetes
  - --token-dir=/var/run/secrets/fanoutrelay.dev/serviceaccount
  - --pod-labels=/etc/fanout-relay/podinfo/labels
  - --route-cache=/var/cache/fanout-relay/routes.json
  - --listen={{ $gateway.listen }}
  - --log-level={{ $gateway.logLevel }}
  - --access-log={{ $gateway.accessLog }}
  - --drain-delay={{ $gateway.drainDelay }}
  - --shutdown-timeout={{ $gateway.shutdownTimeout }}
  {{- range $gateway.extraArgs }}
  - {{ . | quote }}
  {{- end }}
{{- with include "fanout-relay.gateway.env" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
ports:
  - {name: fanout, containerPort: 4780}
  - {name: fanout-metrics, containerPort: 4782}
startupProbe: {httpGet: {path: /readyz, port: 4782}, periodSeconds: 1, failureThreshold: 60}
livenessProbe: {httpGet: {path: /livez, port: 4782}, periodSeconds: 10, timeoutSeconds: 3}
readinessProbe: {httpGet: {path: /readyz, port: 4782}, periodSeconds: 5, timeoutSeconds: 3}
resources:
  {{- toYaml $gateway.resources | nindent 2 }}
securityContext:
  {{- toYaml $gateway.securityContext | nindent 2 }}
volumeMounts:
  - {name: fanout-relay-token, mountPath: /var/run/secrets/fanoutrelay.dev/serviceaccount, readOnly: true}
  - {name: fanout-relay-podinfo, mountPath: /etc/fanout-relay/podinfo, readOnly: true}
  - {name: fanout-relay-cache, mountPath: /var/cache/fanout-relay}
  {{- range $index, $name := $gateway.secrets }}
  - {name: fanout-relay-secret-{{ $index }}, mountPath: {{ printf "/etc/fanout-relay/secrets/%s" $name | quote }}, readOnly: true}
  {{- end }}
  {{- with $gateway.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "fanout-relay.gateway.env" -}}
{{- with .Values.gateway.rateLimitStore }}
{{- if .secretName }}
- name: FANOUT_RATE_LIMIT_STORE
  valueFrom: {secretKeyRef: {name: {{ .secretName | quote }}, key: {{ .secretKey | quote }}}}
{{- end }}
{{- end }}
{{- with .Values.gateway.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
