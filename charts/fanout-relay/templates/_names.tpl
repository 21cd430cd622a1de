{{/*
Names that programs look up stay as they are, whatever the values say: the Lease and the Deployment
fanout-relay-controller, the webhook configuration and the Service fanout-relay-injector, the Secret
fanout-relay-webhook-certificate, the ClusterRole fanout-relay-reader.
*/}}
{{- define "fanout-relay.name" -}}
{{- .Values.nameOverride | default "fanout-relay" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "fanout-relay.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{/*
Name of an object of which a cluster has one. Takes (dict "root" $ "suffix" "-controller").
*/}}
{{- define "fanout-relay.fullname" -}}
{{- $name := .root.Values.fullnameOverride | default (include "fanout-relay.name" .root) }}
{{- include "fanout-relay.joined" (dict "name" $name "suffix" .suffix "most" 63) }}
{{- end }}

{{/*
Name of an object of which each release has one. Takes (dict "root" $ "suffix" "-gateway" "most" 52).
*/}}
{{- define "fanout-relay.releaseName" -}}
{{- /* A release may have dots in its name; a Service may not. */}}
{{- $name := .root.Values.fullnameOverride | default (.root.Release.Name | replace "." "-") }}
{{- include "fanout-relay.joined" (dict "name" $name "suffix" .suffix "most" .most) }}
{{- end }}

{{/*
What is too long loses the end of its name, never its suffix: two objects of a kind stay apart.
*/}}
{{- define "fanout-relay.joined" -}}
{{- printf "%s%s" (trunc (sub .most (len .suffix) | int) .name | trimSuffix "-") .suffix }}
{{- end }}

{{- define "fanout-relay.gateway.name" -}}
{{- $name := .Values.gateway.name | default (include "fanout-relay.releaseName" (dict "root" $ "suffix" "-gateway" "most" 52)) }}
{{- if regexMatch "^[0-9]" $name }}
{{- fail (printf "the gateway cannot be called %q: names of Services begin with a letter; set gateway.name" $name) }}
{{- end }}
{{- $name }}
{{- end }}

{{- define "fanout-relay.test.name" -}}
{{- include "fanout-relay.releaseName" (dict "root" $ "suffix" "-test" "most" 63) }}
{{- end }}

{{- define "fanout-relay.controller.serviceAccount" -}}
{{- $name := include "fanout-relay.fullname" (dict "root" $ "suffix" "-controller") }}
{{- include "fanout-relay.serviceAccount" (dict "at" "controller" "values" .Values.controller.serviceAccount "name" $name) }}
{{- end }}

{{- define "fanout-relay.gateway.serviceAccount" -}}
{{- include "fanout-relay.serviceAccount" (dict "at" "gateway" "values" .Values.gateway.serviceAccount "name" (include "fanout-relay.gateway.name" .)) }}
{{- end }}

{{- define "fanout-relay.serviceAccount" -}}
{{- if not (or .values.create .values.name) }}
{{- fail (printf "%s.serviceAccount.create is false: set %s.serviceAccount.name to the one that there is; the account `default`, which every pod has, would get rights" .at .at) }}
{{- end }}
{{- .values.name | default .name }}
{{- end }}
