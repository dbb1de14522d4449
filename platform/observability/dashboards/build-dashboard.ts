import { VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import { DashboardBuilder, QueryVariableBuilder, VariableRefresh } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export interface PanelQuery {
  expr: string;
  legend: string;
}

export interface DashboardPanel {
  title: string;
  /** Grafana's name of a unit: reqps, s, percentunit, bytes, short … */
  unit: string;
  queries: readonly PanelQuery[];
}

export interface DashboardOptions {
  uid: string;
  title: string;
  /** A choice at the top, filled from a label; queries name it as `$name`. */
  variable?: { name: string; label: string; query: string };
  panels: readonly DashboardPanel[];
}

/** Uid of the data source that grafana-configuration.ts makes. */
export const prometheusSource = { type: 'prometheus', uid: 'prometheus' };

/** Two panels a row, half a screen wide each. */
const width = 12;
const height = 8;

export function buildDashboard({ uid, title, variable, panels }: DashboardOptions): Dashboard {
  const dashboard = new DashboardBuilder(title).uid(uid).tags(['authsome']).refresh('30s').time({ from: 'now-6h', to: 'now' }).readonly();
  if (variable !== undefined)
    dashboard.withVariable(
      new QueryVariableBuilder(variable.name)
        .label(variable.label)
        .query(variable.query)
        .datasource(prometheusSource)
        .refresh(VariableRefresh.OnTimeRangeChanged),
    );
  for (const panel of panels) dashboard.withPanel(buildPanel(panel));
  return dashboard.build();
}

function buildPanel({ title, unit, queries }: DashboardPanel): PanelBuilder {
  // Grafana shows a legend unless it is told not to, and the SDK tells it not to.
  const legends = new VizLegendOptionsBuilder().showLegend(true);
  const panel = new PanelBuilder().title(title).unit(unit).datasource(prometheusSource).legend(legends).span(width).height(height);
  for (const [index, { expr, legend }] of queries.entries())
    panel.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode('A'.charCodeAt(0) + index))
        .expr(expr)
        .legendFormat(legend),
    );
  return panel;
}

/** Percentiles of a histogram, grouped by nothing but its buckets. */
export function quantiles(bucket: string, quantilesWanted: readonly number[] = [0.5, 0.95, 0.99]): PanelQuery[] {
  return quantilesWanted.map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${bucket}[$__rate_interval])))`,
    legend: `${quantile * 100} %`,
  }));
}
