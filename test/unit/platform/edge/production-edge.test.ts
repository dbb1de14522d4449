import test from 'ava';
import { inputsOf, recordPlatform, testEdge } from '../record-platform.ts';
import type { RecordedResource } from '../record-platform.ts';

let resources: RecordedResource[];

test.before(async () => {
  resources = await recordPlatform({ 'authsome:profile': 'production', 'cloudflare:apiToken': 'a-token' });
});

interface Rule {
  ref: string;
  expression: string;
  action: string;
  actionParameters?: { id?: string; cache?: boolean; response?: { statusCode: number; content: string }; overrides?: unknown };
  ratelimit?: { characteristics: string[]; period: number; requestsPerPeriod: number; mitigationTimeout: number };
}

const ofType = (type: string): RecordedResource[] => resources.filter((resource) => resource.type.startsWith(`cloudflare:index/${type}:`));

function rulesOf(phase: string): Rule[] {
  const found = ofType('ruleset').filter(({ inputs }) => inputs['phase'] === phase);
  return found.flatMap(({ inputs }) => inputs['rules'] as Rule[]);
}

const ruleOf = (phase: string, ref: string): Rule | undefined => rulesOf(phase).find((rule) => rule.ref === ref);

test('the hosts of API and dashboard are proxied names of the origin', (t) => {
  const records = ofType('dnsRecord').map(({ inputs }) => inputs);
  t.deepEqual(records.map(({ name }) => name).sort(), ['api.authsome.cloud', 'dashboard.authsome.cloud']);
  for (const record of records) t.like(record, { type: 'A', content: testEdge.origin, proxied: true, ttl: 1, zoneId: testEdge.zoneId });
});

test('TLS is full and strict, at least 1.2, with 1.3, without early data, and plain HTTP is sent to HTTPS', (t) => {
  const settings = Object.fromEntries(ofType('zoneSetting').map(({ inputs }) => [String(inputs['settingId']), inputs['value']]));
  t.deepEqual(settings, { ssl: 'strict', min_tls_version: '1.2', tls_1_3: 'on', '0rtt': 'off', always_use_https: 'on' });
});

test('each phase has one ruleset, of kind zone, and every rule a ref of its own', (t) => {
  const rulesets = ofType('ruleset').map(({ inputs }) => inputs);
  t.deepEqual(rulesets.map(({ phase }) => phase).sort(), [
    'http_ratelimit',
    'http_request_cache_settings',
    'http_request_firewall_custom',
    'http_request_firewall_managed',
  ]);
  t.true(rulesets.every(({ kind }) => kind === 'zone'));
  const refs = rulesets.flatMap(({ rules }) => (rules as Rule[]).map(({ ref }) => ref));
  t.is(new Set(refs).size, refs.length);
});

test('Cloudflare’s managed rules and OWASP’s run on every request, OWASP’s at the first paranoia level', (t) => {
  const rules = rulesOf('http_request_firewall_managed');
  t.deepEqual(
    rules.map(({ action, expression, actionParameters }) => [action, expression, actionParameters?.id]),
    [
      ['execute', 'true', 'efb7b8c949ac4650a09736fc376e9aee'],
      ['execute', 'true', '4814384a9e5d4991b9815dcfc25d2f1f'],
    ],
  );
  t.deepEqual(rules[1]?.actionParameters?.overrides, {
    categories: ['2', '3', '4'].map((level) => ({ category: `paranoia-level-${level}`, enabled: false })),
    rules: [{ id: '6179ae15870a4bb7b2d480d4843b323c', action: 'block', scoreThreshold: 40 }],
  });
});

test('more than 100 requests a second of one address are blocked, with the platform’s own error', (t) => {
  const rule = ruleOf('http_ratelimit', 'authsome_block_flood');
  t.is(rule?.action, 'block');
  t.like(rule?.ratelimit, { period: 10, requestsPerPeriod: 1_000, mitigationTimeout: 60 });
  t.deepEqual(rule?.ratelimit?.characteristics, ['cf.colo.id', 'ip.src']);
  t.is(rule?.actionParameters?.response?.statusCode, 429);
  t.like(JSON.parse(rule?.actionParameters?.response?.content ?? '{}') as object, {
    error: { code: 'rate_limit_exceeded', retryAfter: 60 },
  });
});

test('more than 1,000 a minute are challenged, but where customers’ servers call, which can’t solve a challenge', (t) => {
  const rule = ruleOf('http_ratelimit', 'authsome_challenge');
  t.is(rule?.action, 'managed_challenge');
  // Cloudflare refuses a challenge with another timeout.
  t.like(rule?.ratelimit, { period: 60, requestsPerPeriod: 1_000, mitigationTimeout: 0 });
  t.regex(rule?.expression ?? '', /^http\.host in \{.*\} and not starts_with\(http\.request\.uri\.path, "\/v1\/"\)$/);
});

test('the limits use no more than Cloudflare’s Pro plan has: two rules, by host and path, counted for a minute at most', (t) => {
  const rules = rulesOf('http_ratelimit');
  t.is(rules.length, 2);
  for (const { expression, ratelimit } of rules) {
    const fields = expression.replaceAll(/"[^"]*"/g, '').match(/\b[a-z_]+(?:\.[a-z_]+)+/g) ?? [];
    t.true(fields.length > 0 && fields.every((field) => ['http.host', 'http.request.uri.path'].includes(field)), expression);
    t.true((ratelimit?.period ?? Infinity) <= 60 && (ratelimit?.mitigationTimeout ?? Infinity) <= 3_600);
  }
});

test('the operator’s API, metrics and unknown methods are blocked before they reach the origin', (t) => {
  const paths = ruleOf('http_request_firewall_custom', 'authsome_public_paths')?.expression ?? '';
  t.regex(paths, /^http\.host in \{"api\.authsome\.cloud"\} and not \(/);
  t.deepEqual(
    [...paths.matchAll(/uri\.path(?:,| eq) "([^"]+)"/g)].map(([, path]) => path),
    ['/control/v1/', '/v1/', '/health'],
  );
  t.is(ruleOf('http_request_firewall_custom', 'authsome_methods')?.action, 'block');
});

test('answers of the API are never cached', (t) => {
  const rule = ruleOf('http_request_cache_settings', 'authsome_api_no_cache');
  t.like(rule, { action: 'set_cache_settings', expression: 'http.host in {"api.authsome.cloud"}', actionParameters: { cache: false } });
});

test('the origin’s certificate is for all hosts, and its key reaches the Secret of the ingress and nothing else', (t) => {
  const [certificate] = ofType('originCaCertificate');
  t.like(certificate?.inputs, { csr: 'generated-request', requestType: 'origin-ecc', requestedValidity: 5_475 });
  t.deepEqual(certificate?.inputs['hostnames'], ['api.authsome.cloud', 'dashboard.authsome.cloud']);
  const holders = resources
    .filter(({ inputs }) => JSON.stringify(inputs).includes('generated-key'))
    .map(({ type, name }) => `${type} ${name}`);
  t.deepEqual(holders.sort(), ['kubernetes:core/v1:Secret edge-origin-tls', 'tls:index/certRequest:CertRequest edge-origin']);
  const secret = resources.find(({ name }) => name === 'edge-origin-tls');
  t.like(secret?.inputs, { type: 'kubernetes.io/tls' });
  t.regex(JSON.stringify(secret?.inputs), /"tls\.crt":"generated-certificate"/);
});

test('the origin asks Cloudflare for a certificate, and the ingress knows whose', (t) => {
  t.like(ofType('authenticatedOriginPullsSettings')[0]?.inputs, { enabled: true, zoneId: testEdge.zoneId });
  t.regex(JSON.stringify(resources.find(({ name }) => name === 'edge-origin-pull-ca')?.inputs), /"ca\.crt":"-----BEGIN CERTIFICATE-----/);
});

test('the ingress serves the edge’s certificate, lets in the edge alone and asks for its certificate', (t) => {
  const ingress = inputsOf(resources, 'Ingress/public');
  t.like(ingress, { spec: { tls: [{ secretName: 'edge-origin-tls', hosts: ['api.authsome.cloud'] }] } });
  t.regex(JSON.stringify(ingress), /authsome-system-public-sources@kubernetescrd.*authsome-system-public-callers@kubernetescrd/);
  t.like(inputsOf(resources, 'TLSOption/public-callers'), { spec: { clientAuth: { secretNames: ['edge-origin-pull-ca'] } } });
});

for (const name of ['control-api', 'proxy'])
  test(`${name} counts by the address of the client, two proxies away: Cloudflare and the ingress`, (t) => {
    t.regex(JSON.stringify(inputsOf(resources, `Deployment/${name}`)), /"name":"TRUSTED_PROXIES","value":"2"/);
  });

test('the API token is a secret of the provider and in nothing else', (t) => {
  const holders = resources.filter(({ inputs }) => JSON.stringify(inputs).includes('a-token'));
  t.deepEqual(
    holders.map(({ type }) => type),
    ['pulumi:providers:cloudflare'],
  );
  t.regex(JSON.stringify(holders[0]?.inputs['apiToken']), /4dabf18193072939515e22adb298388d/);
});
