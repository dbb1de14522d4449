import { stringify } from 'yaml';
import type { AlertGroup, AlertRule } from './alert-rule.ts';
import { platformAlerts } from './platform-alerts.ts';
import { provisioningAlerts } from './provisioning-alerts.ts';
import { proxyAlerts } from './proxy-alerts.ts';
import { tenantAlerts } from './tenant-alerts.ts';
import { upkeepAlerts } from './upkeep-alerts.ts';

export const alertGroups: readonly AlertGroup[] = [platformAlerts, proxyAlerts, provisioningAlerts, tenantAlerts, upkeepAlerts];

export interface AlertRulesOptions {
  /** See docs/runbook.md: each alert links to its section of it. */
  runbookUrl: string;
  /** Nobody waits: an alert fires after this at the latest. */
  impatient: boolean;
}

const impatientSeconds = 15;

/** All rules in Prometheus' own format. */
export function alertRules(options: AlertRulesOptions): string {
  const groups = alertGroups.map(({ name, records = [], alerts }) => ({
    name,
    rules: [...records, ...alerts.map((rule) => alertRule(rule, options))],
  }));
  return stringify({ groups }, { lineWidth: 0 });
}

function alertRule(rule: AlertRule, { runbookUrl, impatient }: AlertRulesOptions): object {
  const { alert, expr, severity, forSeconds, summary, description } = rule;
  const seconds = impatient ? Math.min(forSeconds, impatientSeconds) : forSeconds;
  return {
    alert,
    expr,
    ...(seconds === 0 ? {} : { for: `${seconds}s` }),
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbookUrl}#${alert.toLowerCase()}` },
  };
}
