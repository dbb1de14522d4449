import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeAtomically } from '../toolchain/write-atomically.ts';
import type { CliContext } from './context.ts';
import { secretFile } from './context.ts';
import type { TokenSource } from './control-client.ts';

const sessionsSchema = z.record(z.string(), z.string());

export interface KeptSessionOptions {
  /** A token is sent to no other platform than the one that issued it. */
  controlUrl: string;
  /** Logs in. */
  open: () => Promise<string>;
}

/**
 * A session that outlives the command: the platform limits logins, so each command uses the token of the last one, until it is refused. Tokens are kept in
 * `owner-sessions.json` of the state folder, by URL, readable by their owner alone.
 */
export function keptSession(context: CliContext, { controlUrl, open }: KeptSessionOptions): TokenSource {
  const file = secretFile(context, 'owner-sessions.json');
  const read = async (): Promise<Record<string, string>> => {
    const text = await readFile(file, 'utf8').catch(() => '{}');
    try {
      return sessionsSchema.parse(JSON.parse(text));
    } catch {
      // Changed by hand: logging in again is all that is lost.
      return {};
    }
  };
  const login = async (): Promise<string> => {
    const token = await open();
    await writeAtomically(file, JSON.stringify({ ...(await read()), [controlUrl]: token }));
    return token;
  };
  return {
    current: async () => (await read())[controlUrl] ?? (await login()),
    renew: async (refused) => {
      const kept = (await read())[controlUrl];
      // Another command may have logged in already.
      return kept !== undefined && kept !== refused ? kept : login();
    },
  };
}
