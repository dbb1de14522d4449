/**
 * What the projects publish, pinned. A local platform builds the first three itself. Whoever may not pull from a public registry names mirrors in
 * `authsome:images`.
 */
export const publishedImages = {
  prometheus: 'docker.io/prom/prometheus:v3.5.0',
  alertmanager: 'docker.io/prom/alertmanager:v0.28.1',
  jaeger: 'docker.io/jaegertracing/jaeger:2.13.0',
  grafana: 'docker.io/grafana/grafana:12.1.1',
  loki: 'docker.io/grafana/loki:3.5.3',
  'log-collector': 'docker.io/grafana/alloy:v1.10.2',
} as const;
