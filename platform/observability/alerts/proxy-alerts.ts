import { minutes } from './alert-rule.ts';
import type { AlertGroup, RecordingRule } from './alert-rule.ts';

const requests = 'authsome_proxy_request_duration_seconds';
/** What the proxy refuses on purpose is no error: the application is suspended, or not there yet. */
const intended = 'suspended|provisioning|maintenance';
const windows = ['5m', '30m', '1h', '6h'];

/** Promised: 99.9 % of requests are answered without an error of ours. */
const errorBudget = 0.001;
/** Aimed at: 99 % within a second; hashing a password takes a fifth of it. */
const slowBudget = 0.01;

/**
 * Burn rates over two windows each (Google's SRE workbook, chapter 5): fast spends 2 % of a month's budget in an hour, slow 5 % in six. The short
 * window ends the alert soon after the fault has ended.
 */
const burns = [
  { speed: 'Fast', severity: 'critical', factor: 14.4, long: '1h', short: '5m', forSeconds: minutes(2) },
  { speed: 'Slow', severity: 'warning', factor: 6, long: '6h', short: '30m', forSeconds: minutes(15) },
] as const;

export const proxyAlerts: AlertGroup = {
  name: 'proxy',
  records: windows.flatMap((window): RecordingRule[] => [
    {
      record: `authsome:proxy_errors:ratio_rate${window}`,
      expr:
        `(sum(rate(${requests}_count{status=~"5..",reason!~"${intended}"}[${window}])) or vector(0))` +
        ` / (sum(rate(${requests}_count[${window}])) > 0)`,
    },
    {
      record: `authsome:proxy_slow:ratio_rate${window}`,
      expr:
        `1 - (sum(rate(${requests}_bucket{le="1",reason=""}[${window}])) or vector(0))` +
        ` / (sum(rate(${requests}_count{reason=""}[${window}])) > 0)`,
    },
  ]),
  alerts: burns.flatMap(({ speed, severity, factor, long, short, forSeconds }) => [
    {
      alert: `ProxyErrorBudgetBurns${speed}`,
      severity,
      expr: overBudget('errors', errorBudget * factor, [long, short]),
      forSeconds,
      summary: `The proxy answers too many requests with errors: the month's budget burns ${factor} times too fast`,
      description: `Of the requests of the last ${long}, {{ $value | humanizePercentage }} ended in an error of ours; promised is at most 0.1 %.`,
    },
    {
      alert: `ProxyLatencyBudgetBurns${speed}`,
      severity,
      expr: overBudget('slow', slowBudget * factor, [long, short]),
      forSeconds,
      summary: `Too many requests take longer than a second: the month's budget burns ${factor} times too fast`,
      description: `Of the requests of the last ${long}, {{ $value | humanizePercentage }} took longer than 1 s; aimed at is at most 1 %.`,
    },
  ]),
};

function overBudget(what: 'errors' | 'slow', limit: number, [long, short]: readonly [string, string]): string {
  const ratio = (window: string): string => `authsome:proxy_${what}:ratio_rate${window} > ${Number(limit.toFixed(6))}`;
  return `${ratio(long)} and ${ratio(short)}`;
}
