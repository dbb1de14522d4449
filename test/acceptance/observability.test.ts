import anyTest from 'ava';
import type { TestFn } from 'ava';
import { z } from 'zod';
import { waitFor } from '../../cli/wait-for.ts';
import type { CreatedApplication } from '../../cli/control-client.ts';
import { allDashboards } from '../../platform/observability/dashboards/all-dashboards.ts';
import { tenantNames } from '../../tenant-program/names.ts';
import { ask, isWatched, logLines, series } from './monitoring.ts';
import { callApplication, deleteApplication, kubectl, newApplication, newOwner, unique } from './platform-under-test.ts';
import type { Owner } from './platform-under-test.ts';

interface Watched {
  owner: Owner;
  application: CreatedApplication;
}

const declared = anyTest as TestFn<Watched>;
const watched = await isWatched();
const test = watched ? declared.serial : declared.skip;

/** Of a platform that is well, these have nothing to show. */
const quietPanels = new Set(['Errors', 'E-mails', 'Alerts that fire', 'Time since the newest sweep and backup', 'What maintenance finds']);

if (watched) {
  declared.before(async (t) => {
    t.timeout(600_000);
    const owner = await newOwner();
    t.context = { owner, application: await newApplication(owner) };
  });
  declared.after.always(async (t) => {
    t.timeout(600_000);
    const { owner, application } = t.context;
    await deleteApplication(owner, application.id);
  });
}

const signUp = ({ id, publicKey }: CreatedApplication, headers: Record<string, string> = {}) =>
  callApplication(id, '/auth/signup', {
    key: publicKey,
    headers,
    body: { email: `user-${unique()}@example.com`, password: 'correct horse battery' },
  });

test('Prometheus finds every service, its own companions and the new instance, and all answer', async (t) => {
  t.timeout(120_000);
  const { id } = t.context.application;
  await waitFor(
    'the instance to be scraped',
    async () => ((await series(`up{job="instances",app_id="${id}"} == 1`)).length > 0 ? true : undefined),
    {
      timeoutMs: 90_000,
    },
  );
  const up = await series('sum by (service) (up{job="services"}) > 0');
  t.deepEqual(
    up.map(({ service }) => service).toSorted(),
    ['alertmanager', 'control-api', 'jaeger', 'prometheus', 'provisioner', 'proxy', ...(await others())].toSorted(),
  );
});

test('each query of each dashboard is answered, with data where there is any', async (t) => {
  t.timeout(240_000);
  const { application } = t.context;
  await signUp(application);
  for (const { panels, title: dashboard } of allDashboards)
    for (const { title, queries } of panels)
      for (const { expr } of queries) {
        const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$app_id', application.id);
        const found = async (): Promise<true | undefined> => {
          // Rates need two scrapes, with something between them: what is served, and what the proxy refuses.
          await signUp(application);
          await callApplication(application.id, '/auth/session');
          return quietPanels.has(title) || (await series(query)).length > 0 ? true : undefined;
        };
        await series(query);
        await waitFor(`data of "${title}" in ${dashboard}: ${query}`, found, { timeoutMs: 90_000, intervalMs: 2_000 });
      }
  t.pass();
});

const tracesSchema = z.object({
  data: z.array(
    z.object({
      traceID: z.string(),
      processes: z.record(z.string(), z.object({ serviceName: z.string() })),
      spans: z.array(z.object({ operationName: z.string(), tags: z.array(z.object({ key: z.string(), value: z.unknown() })) }).loose()),
    }),
  ),
});

test('one trace leads from the proxy through the instance to the statements of its database, and its id is in the log', async (t) => {
  t.timeout(120_000);
  const requestId = `req_${unique()}${unique()}`;
  const { status } = await signUp(t.context.application, { 'x-authsome-request-id': requestId });
  t.is(status, 201);
  const tags = encodeURIComponent(JSON.stringify({ 'authsome.request_id': requestId }));
  const trace = await waitFor(
    'the trace',
    async () => {
      const { data } = await ask('jaeger:16686', `/api/traces?service=authsome-proxy&limit=5&tags=${tags}`, tracesSchema);
      const [found] = data;
      // Each process sends its part by itself and in several portions: the insert is among the last.
      return found !== undefined && JSON.stringify(found.spans).includes('insert into') ? found : undefined;
    },
    { timeoutMs: 60_000 },
  );
  const services = Object.values(trace.processes).map(({ serviceName }) => serviceName);
  t.deepEqual(services.toSorted(), ['authsome-instance', 'authsome-proxy']);
  const statements = trace.spans.flatMap((span) =>
    span.tags.filter(({ key }) => key === 'db.query.text').map(({ value }) => String(value)),
  );
  t.true(
    statements.some((text) => /^insert into/i.test(text)),
    statements.join('\n'),
  );
  t.notRegex(JSON.stringify(trace), /correct horse battery|@example\.com/);

  const line = (await logLines('proxy')).find((entry) => entry['requestId'] === requestId);
  t.is(line?.['traceId'], trace.traceID);
});

test("one trace leads from the owner's request to the route that its operation published", async (t) => {
  t.timeout(120_000);
  const tags = encodeURIComponent(JSON.stringify({ 'authsome.app_id': t.context.application.id }));
  const trace = await waitFor(
    'the trace',
    async () => {
      const { data } = await ask('jaeger:16686', `/api/traces?service=authsome-provisioner&limit=5&tags=${tags}`, tracesSchema);
      return data.find(({ processes, spans }) => Object.keys(processes).length > 1 && JSON.stringify(spans).includes('publish-route'));
    },
    { timeoutMs: 60_000 },
  );
  const names = trace.spans.map(({ operationName }) => operationName);
  for (const name of ['POST /control/v1/workspaces/:id/applications', 'operation provision', 'queued', 'applying', 'publish-route'])
    t.true(names.includes(name), names.join());
  t.notRegex(JSON.stringify(trace), /password|sk_test_/i);
});

const alertsSchema = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    receivers: z.array(z.object({ name: z.string() })),
  }),
);

test('an application whose instance is gone raises InstanceDown, for PagerDuty; when it is back, the alert ends', async (t) => {
  t.timeout(300_000);
  const { id } = t.context.application;
  const { namespace } = tenantNames(id);
  const scale = async (replicas: number): Promise<void> => {
    const { exitCode, stderr } = await kubectl(['scale', 'deployment', 'instance', `--replicas=${replicas}`, '--namespace', namespace]);
    if (exitCode !== 0) throw new Error(stderr);
  };
  const filter = encodeURIComponent(`app_id="${id}"`);
  const alerts = () => ask('alertmanager:9093', `/api/v2/alerts?active=true&filter=${filter}`, alertsSchema);
  await scale(0);
  try {
    const alert = await waitFor('the alert', async () => (await alerts()).find(({ labels }) => labels['alertname'] === 'InstanceDown'), {
      timeoutMs: 120_000,
      intervalMs: 2_000,
    });
    t.like(alert.labels, { severity: 'critical', app_id: id });
    t.deepEqual(alert.receivers, [{ name: 'pagerduty' }]);
    t.regex(alert.annotations['runbook_url'] ?? '', /#instancedown$/);
  } finally {
    await scale(1);
  }
  await waitFor(
    'the alert to end',
    async () => ((await alerts()).some(({ labels }) => labels['alertname'] === 'InstanceDown') ? undefined : true),
    { timeoutMs: 120_000, intervalMs: 2_000 },
  );
});

/** Deployed where their images could be pulled. */
async function others(): Promise<string[]> {
  const { stdout } = await kubectl([
    'get',
    'pods',
    '--namespace',
    'authsome-system',
    '--output',
    'jsonpath={.items[*].metadata.labels.app\\.kubernetes\\.io/name}',
  ]);
  return ['grafana', 'loki'].filter((name) => stdout.split(' ').includes(name));
}
