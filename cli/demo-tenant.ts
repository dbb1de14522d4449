import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { waitUntilActive } from './application-readiness.ts';
import type { CliContext } from './context.ts';
import { secretFile } from './context.ts';
import type { ControlClient } from './control-client.ts';

const demoSchema = z.object({ applicationId: z.string(), url: z.string(), publicKey: z.string(), secretKey: z.string() });

/** The demo application with its keys, as `up` prints them. */
export type DemoTenant = z.output<typeof demoSchema>;

const slug = 'demo';

/**
 * Makes sure that there is an active demo application whose keys are known here. A secret key is shown once, so the keys are kept in the
 * state folder; an application whose keys were lost is replaced.
 */
export async function ensureDemoTenant(
  context: CliContext,
  { client, workspaceId }: { client: ControlClient; workspaceId: string },
  say: (line: string) => void,
): Promise<DemoTenant & { created: boolean }> {
  const file = secretFile(context, 'demo.json');
  const kept = demoSchema.safeParse(JSON.parse(await readFile(file, 'utf8').catch(() => 'null'))).data;
  const existing = (await client.applications(workspaceId)).find(
    (application) => application.slug === slug && application.status !== 'deleted',
  );
  if (kept !== undefined && existing?.id === kept.applicationId) {
    await waitUntilActive(client, existing.id, say);
    return { ...kept, created: false };
  }
  const name = existing === undefined ? slug : `${slug}-${Date.now().toString(36)}`;
  const application = await client.createApplication(workspaceId, { name: 'Demo', slug: name, environment: 'development' });
  const demo: DemoTenant = {
    applicationId: application.id,
    url: application.url,
    publicKey: application.publicKey,
    secretKey: application.secretKey,
  };
  await writeFile(file, JSON.stringify(demo), { mode: 0o600 });
  await waitUntilActive(client, application.id, say);
  return { ...demo, created: true };
}

/** A command that signs a user up, ready to paste. */
export function signUpCommand({ url, publicKey }: DemoTenant): string {
  return `curl -sS -X POST ${url}/auth/signup -H 'Authorization: Bearer ${publicKey}' -H 'Content-Type: application/json' -d '{"email":"ada@example.com","password":"correct horse battery"}'`;
}
