import test from 'ava';
import { alertRules } from '../../../platform/observability/alerts/alert-rules.ts';
import { prometheusConfiguration } from '../../../platform/observability/prometheus-configuration.ts';
import { runTool } from './run-tool.ts';

test('Prometheus accepts its configuration', async (t) => {
  const configuration = prometheusConfiguration({ namespace: 'authsome-system', alertmanager: 'alertmanager:9093' });
  const { exitCode, output } = await runTool('promtool', ['check', 'config', '--syntax-only', 'prometheus.yaml'], {
    'prometheus.yaml': configuration,
    'rules.yaml': alertRules({ runbookUrl: 'https://example.com/runbook', impatient: false }),
  });
  t.is(exitCode, 0, output);
});
