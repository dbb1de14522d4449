import { createRequire } from 'node:module';
import test from 'ava';
import { find, planSpecs, runTenantProgram, specInput } from './run-program.ts';

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig: { defaults: { unit: string } };
  options: { legend: { showLegend: boolean } };
  targets: { refId: string; expr: string; legendFormat: string }[];
}

async function dashboardOf(): Promise<{ [field: string]: unknown; panels: Panel[] }> {
  const { data } = find(await runTenantProgram(planSpecs.pro), 'kubernetes:core/v1:ConfigMap', 'instance-dashboard') as {
    data: Record<string, string>;
  };
  return JSON.parse(data['app-abc123.json'] ?? '') as { panels: Panel[] };
}

// First: what has been loaded stays loaded.
test.serial("Grafana's SDK is loaded only where a dashboard is made", async (t) => {
  const { cache } = createRequire(import.meta.url);
  const isLoaded = (): boolean => Object.keys(cache).some((path) => path.includes('grafana-foundation-sdk'));
  await runTenantProgram(specInput());
  t.false(isLoaded());
  await runTenantProgram(planSpecs.pro);
  t.true(isLoaded());
});

test('the dashboard asks for this tenant’s metrics alone', async (t) => {
  const { panels } = await dashboardOf();
  const queries = panels.flatMap(({ targets }) => targets);
  t.is(queries.length, 8);
  for (const { expr } of queries) t.true(expr.includes('namespace="authsome-app-abc123"'), expr);
});

test('it is found by its label, and replaces no other tenant’s', async (t) => {
  const run = await runTenantProgram(planSpecs.pro);
  t.like(find(run, 'kubernetes:core/v1:ConfigMap', 'instance-dashboard'), { metadata: { labels: { grafana_dashboard: '1' } } });
  t.like(await dashboardOf(), {
    ...{ uid: 'app-abc123', title: 'AuthSome app_abc123', tags: ['authsome', 'pro', 'production'] },
    ...{ editable: false, refresh: '30s', time: { from: 'now-6h', to: 'now' } },
  });
});

test('its panels stand two in a row, keep their ids, and say what their lines are', async (t) => {
  const { panels } = await dashboardOf();
  t.deepEqual(
    panels.map(({ id, title, fieldConfig, gridPos: { x, y } }) => [id, title, fieldConfig.defaults.unit, x, y]),
    [
      [1, 'Requests', 'reqps', 0, 0],
      [2, 'Errors', 'reqps', 12, 0],
      [3, 'Time to answer', 's', 0, 8],
      [4, 'Sign-ups and sign-ins', 'ops', 12, 8],
      [5, 'CPU', 'none', 0, 16],
      [6, 'Memory', 'bytes', 12, 16],
    ],
  );
  for (const { title, type, options, targets } of panels) {
    t.is(type, 'timeseries', title);
    t.true(options.legend.showLegend, title);
    t.true(targets.every(({ legendFormat }) => legendFormat !== ''));
    t.is(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
});
