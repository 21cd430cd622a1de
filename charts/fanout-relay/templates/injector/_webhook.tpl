{{- define "fanout-relay.webhook.annotations" -}}
{{- if include "fanout-relay.certManager" . }}
cert-manager.io/inject-ca-from: {{ include "fanout-relay.namespace" . }}/{{ include "fanout-relay.fullname" (dict "root" $ "suffix" "-injector") }}
{{- end }}
{{- with .Values.injector.annotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "fanout-relay.notIn" -}}
- {key: kubernetes.io/metadata.name, operator: NotIn, values: {{ toJson . }}}
{{- end }}

{{/*
What both webhooks have in common. No `caBundle`, not even an empty one: it is the controller's, and Helm leaves alone
what it has never written.
*/}}
{{- define "fanout-relay.webhook" -}}
rules:
  - operations: [CREATE]
    apiGroups: [""]
    apiVersions: [v1]
    resources: [pods]
    scope: Namespaced
clientConfig:
  service:
    name: fanout-relay-injector
    namespace: {{ include "fanout-relay.namespace" . }}
    path: /mutate
    port: 443
admissionReviewVersions: [v1]
sideEffects: None
failurePolicy: {{ .Values.injector.failurePolicy }}
timeoutSeconds: {{ .Values.injector.timeoutSeconds }}
matchPolicy: Equivalent
reinvocationPolicy: IfNeeded
{{- end }}
