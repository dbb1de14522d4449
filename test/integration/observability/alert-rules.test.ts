import test from 'ava';
import { stringify } from 'yaml';
import { alertGroups, alertRules } from '../../../platform/observability/alerts/alert-rules.ts';
import type { AlertRule } from '../../../platform/observability/alerts/alert-rule.ts';
import { alertScenarios } from './alert-scenarios.ts';
import type { AlertScenario } from './alert-scenarios.ts';
import { runTool } from './run-tool.ts';

const rules = alertRules({ runbookUrl: 'https://example.com/runbook', impatient: false });
const alerts = alertGroups.flatMap((group) => group.alerts);

test('Prometheus accepts the rules', async (t) => {
  const { exitCode, output } = await runTool('promtool', ['check', 'rules', 'rules.yaml'], { 'rules.yaml': rules });
  t.is(exitCode, 0, output);
});

test('each alert has a history in which it fires', (t) => {
  t.deepEqual(
    Object.entries(alertScenarios)
      .filter(([, scenarios]) => scenarios.some(({ fires }) => fires !== undefined))
      .map(([name]) => name)
      .toSorted(),
    alerts.map(({ alert }) => alert).toSorted(),
  );
});

for (const rule of alerts)
  test(`${rule.alert} fires when it should and not before`, async (t) => {
    const tests = (alertScenarios[rule.alert] ?? []).map((scenario) => scenarioTest(rule, scenario));
    const { exitCode, output } = await runTool('promtool', ['test', 'rules', 'tests.yaml'], {
      'rules.yaml': rules,
      'tests.yaml': stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests }, { lineWidth: 0 }),
    });
    t.is(exitCode, 0, output);
  });

/** As a query of ALERTS, since promtool compares annotations too: their words hold values that a test need not repeat. */
function scenarioTest({ alert, severity }: AlertRule, { series, fires, quiet }: AlertScenario): object {
  const expr = `sum without (tenant) (ALERTS{alertname="${alert}",alertstate="firing"})`;
  const labels = { alertname: alert, alertstate: 'firing', severity, ...fires?.labels };
  const sample = `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      { expr, eval_time: `${quiet}m`, exp_samples: [] },
      ...(fires === undefined ? [] : [{ expr, eval_time: `${fires.at}m`, exp_samples: [{ labels: sample, value: 1 }] }]),
    ],
  };
}
