import { quantiles } from './build-dashboard.ts';
import type { DashboardOptions } from './build-dashboard.ts';

const requests = 'authsome_proxy_request_duration_seconds';

export const proxyDashboard: DashboardOptions = {
  uid: 'authsome-proxy',
  title: 'AuthSome proxy',
  panels: [
    {
      title: 'Requests',
      unit: 'reqps',
      queries: [{ expr: `sum by (status) (rate(${requests}_count[$__rate_interval]))`, legend: '{{status}}' }],
    },
    {
      title: 'Refused by the proxy itself',
      unit: 'reqps',
      queries: [{ expr: `sum by (reason) (rate(${requests}_count{reason!=""}[$__rate_interval]))`, legend: '{{reason}}' }],
    },
    { title: 'Time to answer', unit: 's', queries: quantiles(`${requests}_bucket{reason=""}`) },
    {
      title: 'Budget: burn rate over an hour',
      unit: 'short',
      queries: [
        { expr: 'authsome:proxy_errors:ratio_rate1h / 0.001', legend: 'errors' },
        { expr: 'authsome:proxy_slow:ratio_rate1h / 0.01', legend: 'slow' },
      ],
    },
    {
      title: 'Clients that left early',
      unit: 'reqps',
      queries: [{ expr: 'sum(rate(authsome_proxy_client_gone_total[$__rate_interval]))', legend: 'left' }],
    },
    {
      title: 'Requests by pod',
      unit: 'reqps',
      queries: [{ expr: `sum by (pod) (rate(${requests}_count[$__rate_interval]))`, legend: '{{pod}}' }],
    },
  ],
};
