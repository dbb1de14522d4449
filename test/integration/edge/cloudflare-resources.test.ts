import { createHash } from 'node:crypto';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createClient } from '../../../toolchain/plugins/cloudflare/create-client.ts';
import type { CloudflareClient } from '../../../toolchain/plugins/cloudflare/create-client.ts';
import { parseApiAccess } from '../../../toolchain/plugins/cloudflare/api-access.ts';
import { createProvider } from '../../../toolchain/plugins/cloudflare/create-provider.ts';
import { checkProperties, diffProperties, withDefaults } from '../../../toolchain/plugins/shared/property-schema.ts';
import type { ResourceType } from '../../../toolchain/plugins/shared/resource-provider.ts';
import type { Properties } from '../../../toolchain/plugins/shared/wire-values.ts';
import { startCloudflare } from '../../support/cloudflare/start-cloudflare.ts';
import type { Cloudflare } from '../../support/cloudflare/start-cloudflare.ts';

interface World {
  cloudflare: Cloudflare;
  client: CloudflareClient;
  zoneId: string;
}

const context = { signal: new AbortController().signal, timeoutMs: 30_000 };

/** A test with a zone of its own, which has seen nothing at the end that Cloudflare's reference does not have. */
const inZone = test.macro(async (t, run: (t: ExecutionContext, world: World) => Promise<void>) => {
  const cloudflare = await startCloudflare();
  try {
    const client = createClient(parseApiAccess({ apiToken: cloudflare.apiToken, baseUrl: cloudflare.baseUrl }, {}));
    await run(t, { cloudflare, client, zoneId: cloudflare.zone.id });
    t.deepEqual(cloudflare.violations, []);
  } finally {
    await cloudflare.stop();
  }
});

function resource(name: string): ResourceType<CloudflareClient> {
  const type = createProvider().resources.find(({ token }) => token.endsWith(`:${name}`));
  if (!type) throw new Error(`no ${name}`);
  return type;
}

const record = resource('DnsRecord');
const ruleset = resource('Ruleset');
const setting = resource('ZoneSetting');

const recordOf = (zoneId: string, changes: Properties = {}): Properties =>
  withDefaults(record.inputs, { zoneId, name: 'api.example.com', type: 'A', content: '203.0.113.10', proxied: true, ttl: 1, ...changes });

const block = { action: 'block', expression: 'ip.src eq 192.0.2.1' };
const log = { action: 'log', expression: 'true' };
const rulesetOf = (zoneId: string, rules: Properties[], name = 'authsome custom rules'): Properties =>
  withDefaults(ruleset.inputs, { zoneId, kind: 'zone', name, phase: 'http_request_firewall_custom', rules });

test('a record is created, found unchanged, changed in place, imported and deleted', inZone, async (t, { client, cloudflare, zoneId }) => {
  const inputs = recordOf(zoneId, { comment: 'AuthSome Cloud' });
  const { id, state } = await record.create(client, inputs, context);
  t.regex(id, /^[0-9a-f]{32}$/);
  t.like(cloudflare.requests[0]?.body, { name: 'api.example.com', type: 'A', ttl: 1, proxied: true });
  const read = await record.read(client, id, state as Properties, context);
  t.deepEqual(diffProperties(record.inputs, read as Properties, inputs), []);

  const moved = { ...inputs, content: '203.0.113.11' };
  t.deepEqual(diffProperties(record.inputs, read as Properties, moved), [{ property: 'content', replaces: false }]);
  await record.update?.(client, id, read as Properties, moved, context);
  t.is(cloudflare.zone.records.get(id)?.['content'], '203.0.113.11');

  const imported = record.importId?.(`${zoneId}/${id}`);
  t.like(await record.read(client, imported?.id ?? '', imported?.state ?? {}, context), { zoneId, name: 'api.example.com' });
  await record.delete(client, id, moved, context);
  t.is(cloudflare.zone.records.size, 0);
  t.is(await record.read(client, id, moved, context), undefined);
  await t.notThrowsAsync(record.delete(client, id, moved, context));
});

test('an identical record that a crashed create left behind is adopted', inZone, async (t, { client, cloudflare, zoneId }) => {
  const first = await record.create(client, recordOf(zoneId), context);
  const second = await record.create(client, recordOf(zoneId, { comment: 'adopted' }), context);
  t.is(second.id, first.id);
  t.is(cloudflare.zone.records.get(first.id)?.['comment'], 'adopted');
});

test('the zone’s name that the API adds, and lower case, are no changes', inZone, async (t, { client, zoneId }) => {
  const inputs = recordOf(zoneId, { name: 'api', type: 'CNAME', content: 'lb.example.net' });
  const { id, state } = await record.create(client, inputs, context);
  t.deepEqual(diffProperties(record.inputs, (await record.read(client, id, state as Properties, context)) as Properties, inputs), []);
});

test('a setting is changed, a change by hand is found, and deletion leaves it', inZone, async (t, { client, cloudflare, zoneId }) => {
  const inputs = { zoneId, settingId: 'min_tls_version', value: '1.2' };
  const { id, state } = await setting.create(client, inputs, context);
  t.is(id, 'min_tls_version');
  t.like(cloudflare.requests[0], { method: 'PATCH', body: { value: '1.2' } });
  cloudflare.zone.settings.set(id, { id, value: '1.0', editable: true, modified_on: '2026-01-01T00:00:00Z' });
  const read = await setting.read(client, id, state as Properties, context);
  t.deepEqual(diffProperties(setting.inputs, read as Properties, inputs), [{ property: 'value', replaces: false }]);
  await setting.delete(client, id, inputs, context);
  t.is(cloudflare.zone.settings.size, 5);
});

test('rules that stay keep their ids when others change, with a ref or without', inZone, async (t, { client, cloudflare, zoneId }) => {
  const inputs = rulesetOf(zoneId, [block, { ...log, ref: 'mine' }]);
  const { id, state } = await ruleset.create(client, inputs, context);
  const before = cloudflare.zone.rulesets.get(id)?.rules.map((rule) => rule.id);
  t.deepEqual(diffProperties(ruleset.inputs, state as Properties, inputs), []);

  const changed = rulesetOf(zoneId, [{ ...log, ref: 'mine', expression: 'http.host eq "x"' }, block, { ...block, enabled: false }]);
  t.deepEqual(diffProperties(ruleset.inputs, state as Properties, changed), [{ property: 'rules', replaces: false }]);
  await ruleset.update?.(client, id, state as Properties, changed, context);
  const after = cloudflare.zone.rulesets.get(id)?.rules.map((rule) => rule.id);
  t.deepEqual(after?.slice(0, 2), before?.toReversed());
  t.is(after?.length, 3);
});

test('another name, kind, phase or zone replaces a ruleset', (t) => {
  const inputs = rulesetOf('a'.repeat(32), [block]);
  const changes: Properties[] = [{ name: 'x' }, { kind: 'root' }, { phase: 'http_ratelimit' }, { zoneId: 'b'.repeat(32) }];
  for (const change of changes)
    t.true(diffProperties(ruleset.inputs, inputs, { ...inputs, ...change })[0]?.replaces, Object.keys(change)[0]);
});

test('an entry point that was made by hand is not overwritten, and the way to import it is told', inZone, async (t, { client, zoneId }) => {
  const { id } = await ruleset.create(client, rulesetOf(zoneId, [block], 'default'), context);
  const error = await t.throwsAsync(ruleset.create(client, rulesetOf(zoneId, [log]), context));
  t.regex(error.message, /HTTP 400: 20217 .*"default" with 1 rules: delete it, or import it with pulumi import/);
  t.true(error.message.includes(`zones/${zoneId}/${id}`));
  const own = await ruleset.create(client, rulesetOf(zoneId, [log], 'default'), context);
  t.is(own.id, id);
});

test('a token without permission, an unknown zone and refused fields are told with Cloudflare’s codes', async (t) => {
  const cloudflare = await startCloudflare();
  t.teardown(() => cloudflare.stop());
  const clientOf = (apiToken: string): CloudflareClient => createClient(parseApiAccess({ apiToken, baseUrl: cloudflare.baseUrl }, {}));
  const message = async (apiToken: string, inputs: Properties): Promise<string> =>
    (await t.throwsAsync(record.create(clientOf(apiToken), inputs, context))).message;
  t.regex(
    await message(cloudflare.powerlessToken, recordOf(cloudflare.zone.id)),
    /^could not create the DNS record api\.example\.com: Cloudflare answered HTTP 403: 10000 Authentication error\. The API token .* \(ray 8f/,
  );
  t.regex(await message(cloudflare.apiToken, recordOf('f'.repeat(32))), /7003 .*Is the zone id right/);
  t.regex(await message(cloudflare.apiToken, recordOf(cloudflare.zone.id, { content: 'no address' })), /HTTP 400: 10021 .*content/);
});

test('429 and 5xx are tried again', inZone, async (t, { client, cloudflare, zoneId }) => {
  cloudflare.fail({ status: 429, times: 1, headers: { 'retry-after': '0' } });
  cloudflare.fail({ status: 502, times: 1 });
  await record.create(client, recordOf(zoneId), context);
  t.is(cloudflare.requests.length, 3);
  t.is(cloudflare.zone.records.size, 1);
});

test('a server that stays broken is given up after five tries', inZone, async (t, { client, cloudflare, zoneId }) => {
  cloudflare.fail({ status: 503, times: 50, headers: { 'retry-after-ms': '1' }, errors: [{ code: 10_500, message: 'Unavailable' }] });
  await t.throwsAsync(record.create(client, recordOf(zoneId), context), { message: /HTTP 503: 10500 Unavailable/ });
  t.is(cloudflare.requests.length, 5);
});

test('a limit that lasts for minutes is not waited out', inZone, async (t, { client, cloudflare, zoneId }) => {
  cloudflare.fail({ status: 429, times: 9, headers: { 'retry-after': '300' }, errors: [{ code: 971, message: 'Please wait' }] });
  await t.throwsAsync(record.create(client, recordOf(zoneId), context), {
    message: /971 Please wait\. Too many requests; try again in 300 s/,
  });
  t.is(cloudflare.requests.length, 1);
});

test('an operation ends with its time, also between two tries', inZone, async (t, { client, cloudflare, zoneId }) => {
  cloudflare.fail({ status: 503, times: 50, headers: { 'retry-after': '30' } });
  const bounded = { signal: AbortSignal.timeout(200), timeoutMs: 200 };
  const startedAt = performance.now();
  await t.throwsAsync(record.create(client, recordOf(zoneId), bounded), { message: /did not answer within 0\.2 s/ });
  t.true(performance.now() - startedAt < 5_000);
});

test('what the official schema has and this plugin does not is refused by name', (t) => {
  const rules = [{ ...block, action: 'rewrite', actionParameters: { hostHeader: 'x' } }];
  const failures = checkProperties(ruleset.inputs, { ...rulesetOf('a'.repeat(32), []), rules });
  t.is(failures[0]?.property, 'rules[0].actionParameters.hostHeader');
});

test('a token with a line break is refused before it is part of an error message', (t) => {
  const error = t.throws(() => parseApiAccess({ apiToken: 'secret-token\n' }, {}));
  t.regex(error.message, /one word/);
  t.false(error.message.includes('secret-token'));
  t.throws(() => parseApiAccess({}, {}), { message: /set cloudflare:apiToken/ });
  t.is(parseApiAccess({}, { CLOUDFLARE_API_TOKEN: createHash('sha1').digest('hex') }).baseUrl, 'https://api.cloudflare.com/client/v4');
});
