{{/*
Not empty when PodMonitors are to be rendered; fails when they are asked for and the cluster does not know them.
*/}}
{{- define "fanout-relay.podMonitors" -}}
{{- $monitor := .Values.metrics.podMonitor }}
{{- if $monitor.enabled }}
{{- $versions := .Capabilities.APIVersions }}
{{- $known := $versions.Has "monitoring.coreos.com/v1/PodMonitor" }}
{{- /* Tools that render charts may know versions alone; a cluster tells kinds as well, and may have others of this group. */}}
{{- if and (not $known) (not ($versions.Has "v1/Pod")) }}
{{- $known = $versions.Has "monitoring.coreos.com/v1" }}
{{- end }}
{{- if and (eq $monitor.renderMode "failIfMissing") (not $known) }}
{{- fail "metrics.podMonitor is enabled, but the cluster has no PodMonitor (monitoring.coreos.com/v1): install the Prometheus Operator, or set metrics.podMonitor.renderMode to skipIfMissing" }}
{{- end }}
{{- if or $known (eq $monitor.renderMode "alwaysRender") }}render{{ end }}
{{- end }}
{{- end }}

{{- define "fanout-relay.scrape" -}}
path: /metrics
{{- with .Values.metrics.podMonitor.interval }}
interval: {{ . }}
{{- end }}
{{- with .Values.metrics.podMonitor.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- end }}
