import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import type { OwnerClient } from '../../support/owner-client.ts';

export interface CliTarget {
  api: TestControlApi;
  owner: OwnerClient;
  /** Home and state of the command line, its own. */
  directory: string;
  /** What points the command line at the API; who speaks is the test's to add. */
  env: Record<string, string>;
  close(): Promise<void>;
}

/** A control API with an owner, and an empty home, for the command line to work on. */
export async function startCliTarget(options?: Parameters<typeof startControlApi>[0]): Promise<CliTarget> {
  const directory = await mkdtemp(path.join(tmpdir(), 'authsome-cli-'));
  const api = await startControlApi(options);
  return {
    api,
    owner: await signUpOwner(api.url),
    directory,
    env: { HOME: directory, AUTHSOME_STATE_DIR: directory, AUTHSOME_CONTROL_URL: api.url },
    async close() {
      await api.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
