import { X509Certificate } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import test from 'ava';
import { cloudflareRanges } from '../../../../platform/edge/cloudflare-ranges.ts';
import { edgeInputs } from '../../../../platform/edge/edge-inputs.ts';
import { edgeSettingsSchema, recordType } from '../../../../platform/edge/edge-settings.ts';
import { originAccess } from '../../../../platform/edge/origin-access.ts';
import { originPullCa } from '../../../../platform/edge/origin-pull-ca.ts';
import { profiles } from '../../../../platform/profiles.ts';
import type { PlatformSettings } from '../../../../platform/settings.ts';
import { testEdge } from '../record-platform.ts';

const { production, local } = profiles;

function withEdge(edge: object): { settings: PlatformSettings; renderTo: string | undefined } {
  return { settings: { ...production, edge: { ...production.edge, ...edge } as PlatformSettings['edge'] }, renderTo: undefined };
}

test.serial('without zone, origin and token the program says which are missing, how to set them, and how to do without', (t) => {
  pulumi.runtime.setAllConfig({});
  const error = t.throws(() => edgeInputs(withEdge({})));
  for (const part of [
    /settings\.edge\.zoneId/,
    /settings\.edge\.origin/,
    /cloudflare:apiToken/,
    /edge\.enabled to false/,
    /docs\/edge\.md/,
  ])
    t.regex(error.message, part);
  const one = t.throws(() => edgeInputs(withEdge({ zoneId: testEdge.zoneId })));
  t.notRegex(one.message, /zoneId/);
});

test.serial('a rehearsal plans the edge with placeholders, and with what is known', (t) => {
  pulumi.runtime.setAllConfig({ 'cloudflare:apiToken': 'rehearsed' });
  const rehearsed = edgeInputs({ settings: production, renderTo: '/objects' });
  t.like(rehearsed, { zoneId: '0'.repeat(32), origin: '192.0.2.1' });
  t.is(edgeInputs({ ...withEdge(testEdge), renderTo: '/objects' })?.zoneId, testEdge.zoneId);
});

test.serial('without an edge nothing is asked for', (t) => {
  pulumi.runtime.setAllConfig({});
  t.is(edgeInputs({ settings: local, renderTo: undefined }), undefined);
  t.is(edgeInputs(withEdge({ enabled: false })), undefined);
});

test.serial('the hosts are those of the platform’s urls, without a dashboard’s where there is none', (t) => {
  pulumi.runtime.setAllConfig({ 'cloudflare:apiToken': 'a-token' });
  const { settings, renderTo } = withEdge(testEdge);
  const hosts = { apiHosts: ['api.authsome.cloud'], dashboardHost: 'dashboard.authsome.cloud' };
  t.like(edgeInputs({ settings, renderTo }), hosts);
  const urls = { control: 'https://a.example.com', customer: 'https://b.example.com' };
  const { apiHosts, dashboardHost } = edgeInputs({ settings: { ...settings, urls }, renderTo }) ?? {};
  t.deepEqual({ apiHosts, dashboardHost }, { apiHosts: ['a.example.com', 'b.example.com'], dashboardHost: undefined });
});

test('the ingress lets in Cloudflare’s addresses alone where the edge is on, anybody where it is off', (t) => {
  t.is(originAccess(local), undefined);
  t.is(originAccess(withEdge({ enabled: false }).settings), undefined);
  t.deepEqual(originAccess(production)?.sourceRanges, [...cloudflareRanges.ipv4, ...cloudflareRanges.ipv6]);
  t.is(cloudflareRanges.ipv4.length, 15);
  t.is(cloudflareRanges.ipv6.length, 7);
});

test('the authority of authenticated origin pulls is the one whose fingerprint is written beside it', (t) => {
  const authority = new X509Certificate(originPullCa);
  t.is(authority.fingerprint256, '9A:1A:C2:B4:BE:15:F9:F2:7E:EE:20:A7:34:CB:A4:E9:89:8F:61:00:1B:3B:D7:C8:4B:69:B5:6A:3E:25:A2:B9');
  t.true(authority.verify(authority.publicKey));
  t.regex(authority.subject, /CN=origin-pull\.cloudflare\.net/);
  t.is(new Date(authority.validTo).toISOString().slice(0, 10), '2029-11-01');
});

const refuses = test.macro({
  exec: (t, edge: object, path: string) => {
    const result = edgeSettingsSchema.safeParse({ ...production.edge, ...edge });
    t.is(result.error?.issues[0]?.path.join('.'), path);
  },
  title: (_title, edge) => `refuses ${JSON.stringify(edge)}`,
});

test(refuses, { zoneId: 'authsome.cloud' }, 'zoneId');
test(refuses, { origin: 'http://203.0.113.10' }, 'origin');
test(refuses, { origin: 'localhost' }, 'origin');
test(refuses, { rateLimits: { blockAbovePerSecond: 0, challengeAbovePerMinute: 1_000 } }, 'rateLimits.blockAbovePerSecond');

test('an origin is an address of either kind, or a name', (t) => {
  t.deepEqual(['203.0.113.10', '2001:db8::1', 'lb.example.com'].map(recordType), ['A', 'AAAA', 'CNAME']);
});
