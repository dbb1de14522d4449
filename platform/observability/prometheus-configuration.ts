import { stringify } from 'yaml';
import { metricsPortName } from '../hardening.ts';

export interface PrometheusConfigurationOptions {
  /** Where the platform's own pods are. */
  namespace: string;
  alertmanager: string;
}

export const scrapeSeconds = 15;

/** The platform's own servers that show metrics on the port they serve on. */
const servers = ['prometheus', 'alertmanager', 'loki', 'grafana'];
const pod = '__meta_kubernetes_pod';
const label = (name: string): string => `${pod}_label_${name.replaceAll(/[^a-zA-Z0-9]/g, '_')}`;
const name = label('app.kubernetes.io/name');
const appId = label('authsome.cloud/app-id');
const portName = `${pod}_container_port_name`;

/** Two jobs: the platform's own parts, and every tenant's instance, found by the labels of their pods. */
export function prometheusConfiguration({ namespace, alertmanager }: PrometheusConfigurationOptions): string {
  return stringify(
    {
      global: { scrape_interval: `${scrapeSeconds}s`, scrape_timeout: '10s', evaluation_interval: `${scrapeSeconds}s` },
      rule_files: ['/etc/authsome/rules.yaml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
      scrape_configs: [
        {
          job_name: 'services',
          kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [namespace] } }],
          relabel_configs: [
            keep([label('app.kubernetes.io/part-of'), portName], `authsome;(${[metricsPortName, ...servers].join('|')})`),
            ...running,
            copy(name, 'service'),
            copy(`${pod}_name`, 'pod'),
          ],
        },
        {
          job_name: 'instances',
          // In all namespaces; tenants come and go without a change of this file.
          kubernetes_sd_configs: [
            { role: 'pod', selectors: [{ role: 'pod', label: 'app.kubernetes.io/name=instance,authsome.cloud/app-id' }] },
          ],
          // A tenant's instance can't say that it is another's, or a service of the platform.
          honor_labels: false,
          // Bounds what one instance can cost: it has about 600 series.
          sample_limit: 5_000,
          relabel_configs: [
            keep([portName], metricsPortName),
            ...running,
            copy(appId, 'app_id'),
            copy(label('authsome.cloud/plan'), 'plan'),
            copy('__meta_kubernetes_namespace', 'namespace'),
            copy(`${pod}_name`, 'pod'),
          ],
        },
      ],
    },
    { lineWidth: 0 },
  );
}

/** A pod that has ended is no target, and one that waits to be scheduled has no address. */
const running = [{ source_labels: [`${pod}_phase`], regex: 'Pending|Succeeded|Failed', action: 'drop' }];

function keep(sources: readonly string[], regex: string): object {
  return { source_labels: sources, regex, action: 'keep' };
}

function copy(source: string, target: string): object {
  return { source_labels: [source], target_label: target };
}
