import { VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { TenantContext } from './tenant-context.ts';

interface Query {
  expr: string;
  legend: string;
}

interface Panel {
  title: string;
  /** Grafana's name of a unit: reqps, s, bytes … */
  unit: string;
  queries: readonly Query[];
}

/** Two panels a row, half a screen wide each. */
const width = 12;
const height = 8;

/**
 * A Grafana dashboard of one tenant: what its users see, and what its pods use. It names no data source: whose Grafana it is, and what its Prometheus
 * is called there, is unknown, and its default is taken.
 */
export function instanceDashboard({ spec, names }: Pick<TenantContext, 'spec' | 'names'>): Dashboard {
  const dashboard = new DashboardBuilder(`AuthSome ${spec.appId}`)
    // Unique in a Grafana that has all tenants' dashboards.
    .uid(names.stack)
    .tags(['authsome', spec.plan, spec.environment])
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .readonly();
  for (const [index, panel] of instancePanels(names.namespace).entries()) dashboard.withPanel(buildPanel(panel).id(index + 1));
  return dashboard.build();
}

function instancePanels(namespace: string): Panel[] {
  const of = (metric: string, more = ''): string => `${metric}{namespace="${namespace}"${more}}`;
  const requests = 'authsome_instance_request_duration_seconds';
  return [
    {
      title: 'Requests',
      unit: 'reqps',
      queries: [{ expr: `sum by (route) (rate(${of(`${requests}_count`)}[5m]))`, legend: '{{route}}' }],
    },
    {
      title: 'Errors',
      unit: 'reqps',
      queries: [{ expr: `sum by (status) (rate(${of(`${requests}_count`, ',status=~"5.."')}[5m]))`, legend: '{{status}}' }],
    },
    {
      title: 'Time to answer',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((quantile) => ({
        expr: `histogram_quantile(${quantile}, sum by (le) (rate(${of(`${requests}_bucket`)}[5m])))`,
        legend: `${quantile * 100} %`,
      })),
    },
    {
      title: 'Sign-ups and sign-ins',
      unit: 'ops',
      queries: [{ expr: `sum by (event) (rate(${of('authsome_instance_auth_events_total')}[5m]))`, legend: '{{event}}' }],
    },
    {
      title: 'CPU',
      unit: 'none',
      queries: [{ expr: `sum by (pod) (rate(${of('process_cpu_seconds_total')}[5m]))`, legend: '{{pod}}' }],
    },
    {
      title: 'Memory',
      unit: 'bytes',
      queries: [{ expr: `sum by (pod) (${of('process_resident_memory_bytes')})`, legend: '{{pod}}' }],
    },
  ];
}

function buildPanel({ title, unit, queries }: Panel): PanelBuilder {
  // Grafana shows a legend unless it is told not to, and the SDK tells it not to.
  const legend = new VizLegendOptionsBuilder().showLegend(true);
  const panel = new PanelBuilder().title(title).unit(unit).legend(legend).span(width).height(height);
  for (const [index, query] of queries.entries())
    panel.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode('A'.charCodeAt(0) + index))
        .expr(query.expr)
        .legendFormat(query.legend),
    );
  return panel;
}
