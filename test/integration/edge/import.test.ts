import test from 'ava';
import { startCloudflare } from '../../support/cloudflare/start-cloudflare.ts';
import { createEdgeProject } from './edge-project.ts';

const rule = { action: 'block', expression: 'ip.src eq 192.0.2.1', ref: 'by_hand' };

test('what was made by hand is imported with the official plugin’s ids, without a change, and then is the stack’s', async (t) => {
  const cloudflare = await startCloudflare();
  const { zone } = cloudflare;
  const ask = (method: string, path: string, body: object): Promise<object | undefined> =>
    zone.handle({ method, path: `/zones/${zone.id}${path}`, query: new URLSearchParams(), body });
  const record = { name: 'api.example.com', type: 'A', content: '203.0.113.10', ttl: 300 };
  const ruleset = { kind: 'zone', name: 'default', phase: 'http_request_firewall_custom', rules: [rule] };
  const { id: recordId } = (await ask('POST', '/dns_records', record)) as { id: string };
  const { id: rulesetId } = (await ask('POST', '/rulesets', ruleset)) as { id: string };
  const project = await createEdgeProject(
    cloudflare,
    () => `
      import * as cloudflare from '@pulumi/cloudflare';
      import * as pulumi from '@pulumi/pulumi';
      const config = new pulumi.Config('cloudflare');
      const zoneId = '${zone.id}';
      const provider = new cloudflare.Provider('cloudflare', { apiToken: config.requireSecret('apiToken'), baseUrl: config.require('baseUrl') });
      new cloudflare.DnsRecord('record', { zoneId, ...${JSON.stringify(record)} }, { provider, import: zoneId + '/${recordId}' });
      new cloudflare.Ruleset('rules', { zoneId, ...${JSON.stringify(ruleset)} }, { provider, import: 'zones/' + zoneId + '/${rulesetId}' });
      new cloudflare.ZoneSetting('ssl', { zoneId, settingId: 'ssl', value: 'full' }, { provider, import: zoneId + '/ssl' });
      new cloudflare.AuthenticatedOriginPullsSettings('pulls', { zoneId, enabled: false }, { provider, import: zoneId });
    `,
  );
  try {
    const up = await project.pulumi('up', '--yes', '--skip-preview');
    t.is(up.exitCode, 0, up.output);
    t.true(cloudflare.requests.every(({ method }) => method === 'GET'));
    const again = await project.pulumi('up', '--yes', '--skip-preview', '--refresh', '--expect-no-changes');
    t.is(again.exitCode, 0, again.output);
    const destroyed = await project.pulumi('destroy', '--yes', '--skip-preview');
    t.is(destroyed.exitCode, 0, destroyed.output);
    t.is(zone.records.size + zone.rulesets.size, 0);
    t.deepEqual(cloudflare.violations, []);
  } finally {
    await cloudflare.stop();
    await project.remove();
  }
});
