/** Where Alloy shows that it lives, and its metrics. */
export const logCollectorPort = 12_345;

/**
 * Alloy reads pods' logs through the API server, as `kubectl logs` does: it needs no folder of the node, so it keeps Pod Security `restricted` like
 * all others. Written in Alloy's own language.
 */
export function logCollectorConfiguration({ namespace, loki }: { namespace: string; loki: string }): string {
  return `logging { level = "warn" }

discovery.kubernetes "pods" {
  role = "pod"
}

// The platform's own pods, and those of all tenants.
discovery.relabel "ours" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_label_app_kubernetes_io_part_of"]
    regex         = "authsome"
    action        = "keep"
  }
  rule {
    source_labels = ["__meta_kubernetes_namespace"]
    regex         = "${namespace}|authsome-app-.*"
    action        = "keep"
  }
  rule {
    source_labels = ["__meta_kubernetes_namespace"]
    target_label  = "namespace"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_label_app_kubernetes_io_name"]
    target_label  = "service"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_label_authsome_cloud_app_id"]
    target_label  = "app_id"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_name"]
    target_label  = "pod"
  }
}

loki.source.kubernetes "pods" {
  targets    = discovery.relabel.ours.output
  forward_to = [loki.process.levels.receiver]
}

// Every line of ours is JSON with a level; trace ids are too many to be labels, so they are kept as metadata.
loki.process "levels" {
  stage.json {
    expressions = { level = "level", trace_id = "traceId" }
  }
  stage.labels {
    values = { level = "" }
  }
  stage.structured_metadata {
    values = { trace_id = "" }
  }
  forward_to = [loki.write.loki.receiver]
}

loki.write "loki" {
  endpoint {
    url = "http://${loki}/loki/api/v1/push"
  }
}
`;
}
