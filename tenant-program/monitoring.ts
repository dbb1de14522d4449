import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { TenantNamespace } from './namespace.ts';
import { ports } from '../domain/tenant-ports.ts';
import { namespacedOptions, skipAwait, workloadLabels, workloadSelector } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantMonitoringArgs {
  context: TenantContext;
  namespace: TenantNamespace;
}

/** How Prometheus' operator finds the instance's metrics, and a Grafana dashboard of them. Their Service is apart from the one of the API. */
export class TenantMonitoring extends ComponentResource {
  constructor(name: string, { context, namespace }: TenantMonitoringArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:Monitoring', name, {}, options);
    const childOptions = namespacedOptions(this, namespace.namespace);
    const labels = { ...workloadLabels(context, 'instance'), 'app.kubernetes.io/component': 'metrics' };
    const metadata = { name: 'instance-metrics', namespace: namespace.name, labels };
    new kubernetes.core.v1.Service(
      name,
      {
        metadata: { ...metadata, annotations: skipAwait },
        spec: { clusterIP: 'None', selector: workloadSelector('instance'), ports: [{ name: 'metrics', port: ports.metrics }] },
      },
      childOptions,
    );
    new kubernetes.apiextensions.CustomResource(
      `${name}-scrape`,
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'ServiceMonitor',
        metadata,
        spec: {
          selector: { matchLabels: { 'authsome.cloud/app-id': context.spec.appId, 'app.kubernetes.io/component': 'metrics' } },
          targetLabels: ['authsome.cloud/app-id', 'authsome.cloud/plan'],
          endpoints: [{ port: 'metrics', path: '/metrics', interval: '15s' }],
        },
      },
      childOptions,
    );
    new kubernetes.core.v1.ConfigMap(
      `${name}-dashboard`,
      {
        metadata: { ...metadata, name: 'instance-dashboard', labels: { ...labels, grafana_dashboard: '1' } },
        data: { [`${context.names.stack}.json`]: dashboardJson(context) },
      },
      childOptions,
    );
    this.registerOutputs({});
  }
}

/** Loaded only where it is used: Grafana's SDK costs an operation 26 ms of processor time in the image, 90 from the sources. */
async function dashboardJson(context: TenantContext): Promise<string> {
  const { instanceDashboard } = await import('./instance-dashboard.ts');
  return JSON.stringify(instanceDashboard(context));
}
