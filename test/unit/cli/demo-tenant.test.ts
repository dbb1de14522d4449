import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { CliContext } from '../../../cli/context.ts';
import type { ControlClient } from '../../../cli/control-client.ts';
import { ensureDemoTenant } from '../../../cli/demo-tenant.ts';

interface Fake {
  id: string;
  name: string;
  url: string;
  slug: string;
  status: string;
  suspensions: string[];
}

/** A platform of a few lines: what is created or resumed is active at once, and answers. */
async function start(t: ExecutionContext) {
  const directory = mkdtempSync(path.join(tmpdir(), 'authsome-demo-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const server = createServer((_req, res) => void res.writeHead(401).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const applications: Fake[] = [];
  const client = {
    applications: () => Promise.resolve(applications),
    createApplication(_workspaceId: string, { slug }: { slug: string }) {
      const made = { id: `app_${applications.length}`, name: 'Demo', url, slug, status: 'active', suspensions: [] };
      applications.push(made);
      return Promise.resolve({ ...made, url, publicKey: 'pk', secretKey: 'sk' });
    },
    createKey(applicationId: string, { type }: { type: string }) {
      return Promise.resolve({ id: `key_${type}`, key: `new ${type} key of ${applicationId}` });
    },
    command(id: string) {
      Object.assign(applications.find((application) => application.id === id) ?? {}, { status: 'active', suspensions: [] });
      return Promise.resolve();
    },
    application: (id: string) => Promise.resolve(applications.find((application) => application.id === id)),
    operations: () => Promise.resolve([]),
  };
  const ensure = () =>
    ensureDemoTenant(
      { paths: { stateDir: directory } } as CliContext,
      { client: client as unknown as ControlClient, workspaceId: 'ws_1' },
      () => undefined,
    );
  return { applications, ensure, file: path.join(directory, 'demo.json') };
}

test('the demo application is made once', async (t) => {
  const { applications, ensure } = await start(t);
  t.true((await ensure()).created);
  t.false((await ensure()).created);
  t.deepEqual(
    applications.map(({ slug }) => slug),
    ['demo'],
  );
});

test('one that is deleted is replaced once, under another slug', async (t) => {
  const { applications, ensure } = await start(t);
  await ensure();
  Object.assign(applications[0] ?? {}, { status: 'deleting', suspensions: ['deletion'] });
  t.like(await ensure(), { created: true, applicationId: 'app_1' });
  t.like(await ensure(), { created: false, applicationId: 'app_1' });
  t.is(applications.length, 2);
  t.regex(applications[1]?.slug ?? '', /^demo-[a-z0-9]+$/);
});

test('one whose keys were never written down, as its command was killed, gets new ones: there is no second application', async (t) => {
  const { applications, ensure, file } = await start(t);
  await ensure();
  rmSync(file);
  t.like(await ensure(), {
    created: false,
    applicationId: 'app_0',
    publicKey: 'new public key of app_0',
    secretKey: 'new secret key of app_0',
  });
  t.like(await ensure(), { created: false, publicKey: 'new public key of app_0' });
  t.is(applications.length, 1);
  t.is(statSync(file).mode & 0o777, 0o600);
});

test('one that is suspended is resumed', async (t) => {
  const { applications, ensure } = await start(t);
  await ensure();
  Object.assign(applications[0] ?? {}, { status: 'suspended', suspensions: ['owner'] });
  t.false((await ensure()).created);
  t.is(applications[0]?.status, 'active');
});
