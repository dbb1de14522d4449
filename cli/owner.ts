import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { createAtomically } from '../toolchain/write-atomically.ts';
import type { CliContext } from './context.ts';
import { secretFile } from './context.ts';
import { ControlApiError, ControlClient } from './control-client.ts';
import { keptSession } from './owner-session.ts';

const ownerSchema = z.object({ email: z.email(), password: z.string() });
type Owner = z.output<typeof ownerSchema>;

/**
 * The command line's own account on this checkout's platform: made with a random password on first use and kept in the state folder.
 * Its session is kept too, and used until the platform refuses it. AUTHSOME_TOKEN, an owner's token, takes its place.
 *
 * @returns a client that acts as that owner
 */
export function accountClient(context: CliContext, controlUrl: string, env: NodeJS.ProcessEnv = process.env): ControlClient {
  const session = keptSession(context, { controlUrl, open: () => openSession(context, controlUrl) });
  return new ControlClient(controlUrl, env['AUTHSOME_TOKEN'] ?? session);
}

/** The same, with the owner's first workspace, which is made where there is none. */
export async function ownerClient(
  context: CliContext,
  controlUrl: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ client: ControlClient; workspaceId: string }> {
  const client = accountClient(context, controlUrl, env);
  const [workspace] = await client.workspaces();
  return { client, workspaceId: (workspace ?? (await client.createWorkspace('Demo'))).id };
}

async function openSession(context: CliContext, controlUrl: string): Promise<string> {
  const anonymous = new ControlClient(controlUrl);
  const owner = await readOwner(context);
  try {
    return (await anonymous.login(owner)).token;
  } catch (error) {
    // A platform that was purged does not know the account any more.
    if (!(error instanceof ControlApiError && error.status === 401)) throw error;
    return (await anonymous.signUp({ ...owner, name: 'Owner' })).token;
  }
}

async function readOwner(context: CliContext): Promise<Owner> {
  const file = secretFile(context, 'owner.json');
  const made: Owner = { email: 'owner@example.com', password: randomBytes(24).toString('base64url') };
  const text = await readFile(file, 'utf8').catch(() => undefined);
  // Of two first commands at once, both use the account that one of them wrote down.
  if (text === undefined) await createAtomically(file, JSON.stringify(made));
  return ownerSchema.parse(JSON.parse(text ?? (await readFile(file, 'utf8'))));
}
