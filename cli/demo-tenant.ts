import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeAtomically } from '../toolchain/write-atomically.ts';
import { waitUntilActive } from './application-readiness.ts';
import type { CliContext } from './context.ts';
import { secretFile } from './context.ts';
import type { Application, ControlClient } from './control-client.ts';
import { waitFor } from './wait-for.ts';

const demoSchema = z.object({ applicationId: z.string(), url: z.string(), publicKey: z.string(), secretKey: z.string() });

/** The demo application with its keys, as `up` prints them. */
export type DemoTenant = z.output<typeof demoSchema>;

const slug = 'demo';

const name = 'Demo';

/**
 * Makes sure that there is an active demo application whose keys are known here. A secret key is shown once, so the keys are kept in the
 * state folder; an application whose keys were lost gets new ones, one that is deleted is replaced, and one that is suspended is resumed.
 */
export async function ensureDemoTenant(
  context: CliContext,
  { client, workspaceId }: { client: ControlClient; workspaceId: string },
  say: (line: string) => void,
): Promise<DemoTenant & { created: boolean }> {
  const file = secretFile(context, 'demo.json');
  const kept = demoSchema.safeParse(JSON.parse(await readFile(file, 'utf8').catch(() => 'null'))).data;
  const applications = await client.applications(workspaceId);
  const present = applications.filter(({ status }) => status !== 'deleting' && status !== 'deleted');
  const existing = present.find(({ id }) => id === kept?.applicationId) ?? present.find(isDemo);
  if (existing !== undefined) {
    // A command that was killed between the creation and the file left an application whose keys nobody has.
    const demo = kept?.applicationId === existing.id ? kept : await withNewKeys(client, existing);
    if (demo !== kept) await writeAtomically(file, JSON.stringify(demo));
    if (existing.suspensions.includes('owner')) await client.command(existing.id, 'resume');
    await waitUntilActive(client, existing.id, say);
    await waitUntilAnswers(demo, say);
    return { ...demo, created: false };
  }
  // One that is deleted keeps its slug for as long as it can be restored.
  const taken = applications.some((application) => application.slug === slug);
  const application = await client.createApplication(workspaceId, {
    name,
    slug: taken ? `${slug}-${Date.now().toString(36)}` : slug,
    environment: 'development',
  });
  const demo: DemoTenant = {
    applicationId: application.id,
    url: application.url,
    publicKey: application.publicKey,
    secretKey: application.secretKey,
  };
  await writeAtomically(file, JSON.stringify(demo));
  await waitUntilActive(client, application.id, say);
  await waitUntilAnswers(demo, say);
  return { ...demo, created: true };
}

/** Only an `up` gives an application this slug and this name. */
function isDemo(application: Application): boolean {
  return application.name === name && (application.slug === slug || application.slug.startsWith(`${slug}-`));
}

async function withNewKeys(client: ControlClient, { id, url }: Application): Promise<DemoTenant> {
  const make = async (type: 'public' | 'secret'): Promise<string> => (await client.createKey(id, { name, type })).key;
  return { applicationId: id, url, publicKey: await make('public'), secretKey: await make('secret') };
}

/** After a restart of the cluster an application is active long before its pods are back: only an answer of its own shows that it serves. */
async function waitUntilAnswers({ applicationId, url, publicKey }: DemoTenant, say: (line: string) => void): Promise<void> {
  await waitFor(
    `an answer of ${applicationId} at ${url}`,
    async () => {
      const request = { headers: { authorization: `Bearer ${publicKey}` }, signal: AbortSignal.timeout(5_000) };
      const status = await fetch(`${url}/auth/session`, request).then(
        (response) => response.status,
        () => 0,
      );
      // There is no session: the instance itself says so.
      if (status === 401) return true;
      say(`waiting for its pods (${status})`);
      return undefined;
    },
    { timeoutMs: 120_000 },
  );
}

/** A command that signs a user up, ready to paste. */
export function signUpCommand({ url, publicKey }: DemoTenant): string {
  return `curl -sS -X POST ${url}/auth/signup -H 'Authorization: Bearer ${publicKey}' -H 'Content-Type: application/json' -d '{"email":"ada@example.com","password":"correct horse battery"}'`;
}
