import type { TenantContext } from './tenant-context.ts';

interface Query {
  expr: string;
  legend: string;
}

/** A Grafana dashboard of one tenant: what its users see, and what its pods use. */
export function instanceDashboard({ spec, names }: Pick<TenantContext, 'spec' | 'names'>): object {
  const of = (metric: string, more = ''): string => `${metric}{namespace="${names.namespace}"${more}}`;
  const requests = 'authsome_instance_request_duration_seconds';
  const panels: [title: string, unit: string, queries: Query[]][] = [
    ['Requests', 'reqps', [{ expr: `sum by (route) (rate(${of(`${requests}_count`)}[5m]))`, legend: '{{route}}' }]],
    ['Errors', 'reqps', [{ expr: `sum by (status) (rate(${of(`${requests}_count`, ',status=~"5.."')}[5m]))`, legend: '{{status}}' }]],
    [
      'Time to answer',
      's',
      [0.5, 0.95, 0.99].map((quantile) => ({
        expr: `histogram_quantile(${quantile}, sum by (le) (rate(${of(`${requests}_bucket`)}[5m])))`,
        legend: `${quantile * 100} %`,
      })),
    ],
    [
      'Sign-ups and sign-ins',
      'ops',
      [{ expr: `sum by (event) (rate(${of('authsome_instance_auth_events_total')}[5m]))`, legend: '{{event}}' }],
    ],
    ['CPU', 'none', [{ expr: `sum by (pod) (rate(${of('process_cpu_seconds_total')}[5m]))`, legend: '{{pod}}' }]],
    ['Memory', 'bytes', [{ expr: `sum by (pod) (${of('process_resident_memory_bytes')})`, legend: '{{pod}}' }]],
  ];
  return {
    // Unique in a Grafana that has all tenants' dashboards.
    uid: names.stack,
    title: `AuthSome ${spec.appId}`,
    tags: ['authsome', spec.plan, spec.environment],
    schemaVersion: 39,
    editable: false,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    panels: panels.map(([title, unit, queries], index) => ({
      id: index + 1,
      type: 'timeseries',
      title,
      gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
      fieldConfig: { defaults: { unit }, overrides: [] },
      targets: queries.map(({ expr, legend }, position) => ({
        refId: String.fromCharCode('A'.charCodeAt(0) + position),
        expr,
        legendFormat: legend,
      })),
    })),
  };
}
