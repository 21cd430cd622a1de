{{/*
What an operator should know of the values chosen, one line each.
*/}}
{{- define "fanout-relay.warnings" -}}
{{- $controller := .Values.controller }}
{{- $gateway := .Values.gateway }}
{{- if not .Values.enabled }}
WARNING: enabled is false, which only counts where another chart names it as the condition of this one.
{{- end }}
{{- if not (or $controller.enabled .Values.gateway.enabled) }}
WARNING: neither controller.enabled nor gateway.enabled is true: nothing runs.
{{- end }}
{{- if and $controller.enabled (lt (int $controller.replicaCount) 2) .Values.injector.enabled (eq .Values.injector.failurePolicy "Fail") }}
WARNING: one replica of the controller: while it restarts, pods that ask for a relay are refused (injector.failurePolicy: Fail).
{{- end }}
{{- if and $controller.enabled .Values.injector.enabled (eq .Values.injector.failurePolicy "Ignore") }}
WARNING: injector.failurePolicy is Ignore: while no controller answers, pods start without the relay they ask for.
{{- end }}
{{- if and .Values.crds.enabled (not .Values.crds.keep) }}
WARNING: crds.keep is false: `helm uninstall` will delete every FanOutRoute of the cluster.
{{- end }}
{{- if and $controller.enabled (not .Values.rbac.create) }}
WARNING: rbac.create is false: the controller waits for its roles, and `helm test` fails without its own, see docs/kubernetes/rbac.md.
{{- end }}
{{- if and .Values.metrics.podMonitor.enabled (not $controller.enabled) }}
WARNING: metrics.podMonitor does nothing here: the PodMonitors of the release with the controller find every relay.
{{- end }}
{{- if and .Values.metrics.podMonitor.enabled $controller.enabled (not (include "fanout-relay.podMonitors" .)) }}
WARNING: the cluster has no PodMonitor (monitoring.coreos.com/v1), so that nothing is scraped; upgrade this release once it has.
{{- end }}
{{- if and $gateway.enabled $gateway.autoscaling.enabled (not (dig "requests" "cpu" "" $gateway.resources)) }}
WARNING: gateway.autoscaling needs gateway.resources.requests.cpu: a share of nothing cannot be measured.
{{- end }}
{{- $cut := include "fanout-relay.milliseconds" $gateway.shutdownTimeout | int64 }}
{{- if and $gateway.enabled (ge $cut (mul $gateway.terminationGracePeriodSeconds 1000)) }}
WARNING: gateway.shutdownTimeout ({{ $gateway.shutdownTimeout }}) is not less than gateway.terminationGracePeriodSeconds ({{ $gateway.terminationGracePeriodSeconds }}): the kubelet kills replicas with requests in flight.
{{- end }}
{{- if and $gateway.enabled (ge (include "fanout-relay.milliseconds" $gateway.drainDelay | int64) $cut) }}
WARNING: gateway.drainDelay ({{ $gateway.drainDelay }}) is not less than gateway.shutdownTimeout ({{ $gateway.shutdownTimeout }}), which includes it: no time is left for requests in flight.
{{- end }}
{{- end }}
