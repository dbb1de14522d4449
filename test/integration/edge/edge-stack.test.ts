import { createPrivateKey, X509Certificate } from 'node:crypto';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { startCloudflare } from '../../support/cloudflare/start-cloudflare.ts';
import type { Cloudflare } from '../../support/cloudflare/start-cloudflare.ts';
import { createEdgeProject } from './edge-project.ts';
import type { EdgeProject } from './edge-project.ts';

let cloudflare: Cloudflare;
let project: EdgeProject;

test.before(async () => {
  cloudflare = await startCloudflare();
  project = await createEdgeProject(cloudflare);
});
test.after.always(async () => {
  await cloudflare.stop();
  await project.remove();
});

async function succeeds(t: ExecutionContext, ...args: string[]): Promise<string> {
  const { exitCode, output } = await project.pulumi(...args);
  t.is(exitCode, 0, output);
  return output;
}

/** Objects that became files can't be read back from a cluster. */
const refresh = ['refresh', '--yes', '--skip-preview', '--exclude', '**kubernetes:core/v1:Secret::**'];
const up = ['up', '--yes', '--skip-preview'];
const writes = (): string[] => cloudflare.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
const phases = (): string[] => [...cloudflare.zone.rulesets.values()].map(({ phase }) => phase).sort();

/** One stack, step by step. */
test.serial('up makes the whole edge of an empty zone, the names last', async (t) => {
  await succeeds(t, ...up);
  const { records, settings, certificates, originPulls } = cloudflare.zone;
  t.deepEqual([...records.values()].map(({ name }) => name).sort(), ['api.example.com', 'dashboard.example.com']);
  t.deepEqual(phases(), ['http_ratelimit', 'http_request_cache_settings', 'http_request_firewall_custom', 'http_request_firewall_managed']);
  const values = Object.fromEntries([...settings.values()].map(({ id, value }) => [String(id), value]));
  t.deepEqual(values, { ssl: 'strict', min_tls_version: '1.2', tls_1_3: 'on', '0rtt': 'off', always_use_https: 'on' });
  t.is(certificates.size, 1);
  t.true(originPulls.enabled);
  t.true(
    writes()
      .slice(-2)
      .every((write) => write.endsWith('/dns_records')),
  );
});

test.serial('the ingress gets a certificate for both hosts, with its key, and the authority of origin pulls', async (t) => {
  const secrets = await project.secrets();
  const origin = secrets.get('edge-origin-tls');
  t.is(origin?.type, 'kubernetes.io/tls');
  const certificate = new X509Certificate(origin?.data['tls.crt'] ?? '');
  t.is(certificate.subjectAltName, 'DNS:api.example.com, DNS:dashboard.example.com');
  t.true(certificate.checkPrivateKey(createPrivateKey(origin?.data['tls.key'] ?? '')));
  t.regex(new X509Certificate(secrets.get('edge-origin-pull-ca')?.data['ca.crt'] ?? '').subject, /CN=origin-pull\.cloudflare\.net/);
});

test.serial('neither token nor key is readable in the state', async (t) => {
  const state = await succeeds(t, 'stack', 'export');
  t.false(state.includes(cloudflare.apiToken));
  t.notRegex(state, /BEGIN EC PRIVATE KEY|BEGIN PRIVATE KEY/);
  t.regex(state, /cloudflare:index\/ruleset:Ruleset/);
});

test.serial('a second up changes nothing and a refresh finds nothing', async (t) => {
  const before = writes().length;
  await succeeds(t, ...up, '--expect-no-changes');
  await succeeds(t, ...refresh, '--expect-no-changes');
  await succeeds(t, 'preview', '--expect-no-changes');
  t.is(writes().length, before);
});

test.serial('another limit changes its ruleset in place, and no rule loses its id', async (t) => {
  const limits = [...cloudflare.zone.rulesets.values()].find(({ phase }) => phase === 'http_ratelimit');
  const before = writes().length;
  await project.configure({ challengeAbovePerMinute: 2_000 });
  await succeeds(t, ...up);
  t.deepEqual(writes().slice(before), [`PUT /zones/${cloudflare.zone.id}/rulesets/${limits?.id}`]);
  const changed = cloudflare.zone.rulesets.get(limits?.id ?? '');
  t.deepEqual(
    changed?.rules.map(({ id }) => id),
    limits?.rules.map(({ id }) => id),
  );
  t.like(changed?.rules[1], { ratelimit: { requests_per_period: 2_000 } });
});

test.serial('changes made by hand are found by a refresh, and put right by the next up', async (t) => {
  const { settings, records, rulesets } = cloudflare.zone;
  settings.set('ssl', { ...settings.get('ssl'), value: 'flexible' });
  const [recordId = ''] = records.keys();
  records.delete(recordId);
  const custom = [...rulesets.values()].find(({ phase }) => phase === 'http_request_firewall_custom');
  if (custom?.rules[0]) custom.rules[0]['enabled'] = false;
  const found = await succeeds(t, ...refresh);
  t.regex(found, /2 updated/);
  t.regex(found, /1 deleted/);
  await succeeds(t, ...up);
  t.is(settings.get('ssl')?.['value'], 'strict');
  t.is(records.size, 2);
  t.is(rulesets.get(custom?.id ?? '')?.rules[0]?.['enabled'], true);
});

test.serial('a token without permission fails the run with Cloudflare’s code, and is not shown', async (t) => {
  await project.configure({ apiToken: cloudflare.powerlessToken, challengeAbovePerMinute: 3_000 });
  const { exitCode, output } = await project.pulumi(...up);
  t.not(exitCode, 0);
  t.regex(output, /could not change the ruleset authsome rate-limits: Cloudflare answered HTTP 403: 10000 Authentication error/);
  t.regex(output, /lacks a permission/);
  t.false(output.includes(cloudflare.powerlessToken));
  await project.configure({ apiToken: cloudflare.apiToken, challengeAbovePerMinute: 2_000 });
});

test.serial('destroy leaves no name, no rule and no certificate', async (t) => {
  await succeeds(t, ...up);
  await succeeds(t, 'destroy', '--yes', '--skip-preview');
  t.is(cloudflare.zone.records.size, 0);
  t.is(cloudflare.zone.rulesets.size, 0);
  t.is(cloudflare.zone.certificates.size, 0);
  // A zone always has its settings; as with the official plugin they stay as they are.
  t.is(cloudflare.zone.settings.get('ssl')?.['value'], 'strict');
});

test.serial('nothing that was asked is unknown to Cloudflare’s reference', (t) => {
  t.deepEqual(cloudflare.violations, []);
  t.true(cloudflare.requests.every(({ userAgent }) => userAgent.includes('pulumi/')));
});
