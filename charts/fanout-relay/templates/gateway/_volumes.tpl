{{/*
The same files that the injector gives a relay, in the same places.
*/}}
{{- define "fanout-relay.gateway.volumes" -}}
- name: fanout-relay-token
  projected:
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3600}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
- name: fanout-relay-podinfo
  downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}
- name: fanout-relay-cache
  emptyDir: {sizeLimit: 64Mi}
{{- range $index, $name := .Values.gateway.secrets }}
- name: fanout-relay-secret-{{ $index }}
  secret: {secretName: {{ $name | quote }}, optional: true}
{{- end }}
{{- with .Values.gateway.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
