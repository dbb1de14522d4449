import { stringify } from 'yaml';
import { allDashboards } from './dashboards/all-dashboards.ts';
import { buildDashboard, prometheusSource } from './dashboards/build-dashboard.ts';
import { jaegerPorts } from './jaeger-configuration.ts';
import { lokiPort } from './loki-configuration.ts';

export const grafanaPort = 3_000;

const folder = '/etc/authsome';

/** Grafana's environment, but for the password. */
export const grafanaEnvironment = {
  GF_PATHS_PROVISIONING: `${folder}/provisioning`,
  GF_ANALYTICS_REPORTING_ENABLED: 'false',
  GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
  GF_USERS_ALLOW_SIGN_UP: 'false',
  GF_LOG_MODE: 'console',
};

/** Everything that Grafana shows comes from these files: it keeps nothing itself, and a new pod shows the same. */
export function grafanaFiles({ loki }: { loki: boolean }): Record<string, string> {
  const dashboards = allDashboards.map((options) => [`dashboards/${options.uid}.json`, JSON.stringify(buildDashboard(options))] as const);
  return {
    'provisioning/datasources/authsome.yaml': datasources({ loki }),
    'provisioning/dashboards/authsome.yaml': dashboardProvider,
    ...Object.fromEntries(dashboards),
  };
}

function datasources({ loki }: { loki: boolean }): string {
  const { uid, type } = prometheusSource;
  const source = (name: string, kind: string, url: string, more: object = {}): object => ({
    ...{ name, type: kind, url, access: 'proxy', editable: false },
    ...more,
  });
  // A trace id in a line of the log leads to the trace.
  const toTrace = { name: 'trace', matcherRegex: '"traceId":"(\\w+)"', url: '$${__value.raw}', datasourceUid: 'jaeger' };
  return stringify({
    apiVersion: 1,
    datasources: [
      source('Prometheus', type, 'http://prometheus:9090', { uid, isDefault: true, jsonData: { timeInterval: '15s' } }),
      source('Alertmanager', 'alertmanager', 'http://alertmanager:9093', {
        uid: 'alertmanager',
        jsonData: { implementation: 'prometheus' },
      }),
      source('Jaeger', 'jaeger', `http://jaeger:${jaegerPorts.query}`, { uid: 'jaeger' }),
      ...(loki ? [source('Loki', 'loki', `http://loki:${lokiPort}`, { uid: 'loki', jsonData: { derivedFields: [toTrace] } })] : []),
    ],
  });
}

const dashboardProvider = stringify({
  apiVersion: 1,
  providers: [{ name: 'authsome', type: 'file', allowUiUpdates: false, options: { path: `${folder}/dashboards` } }],
});
