import { z } from 'zod';
import type { SecretBox } from '../../shared/secret-box.ts';
import { withClient } from '../postgres/server.ts';

/** An application of the restored control database that has, or is to have, a stack. */
export interface RestoredApplication {
  id: string;
  /** Of its database; null while it never was active: then it has no data. */
  login: { database: string; role: string; password: string } | null;
  tier: 'shared' | 'dedicated';
  /** Of its own database server, as superuser; null where it has none, or its outputs are of a version that did not tell. */
  adminUrl: string | null;
}

const outputsSchema = z.object({ databaseUrl: z.url(), databaseAdminUrl: z.url().optional() });
const loginSchema = z.object({
  database: z.string().regex(/^authsome_app_[a-z0-9]+$/),
  role: z.string().regex(/^app_[a-z0-9]+_user$/),
  password: z.string().min(16),
});

/**
 * The applications of a control database, with the logins of their databases, which are sealed in it: so roles come back with the passwords that
 * the stacks' state knows.
 *
 * @throws Error naming the application whose outputs can't be read
 */
export async function readApplications(url: string, box: SecretBox): Promise<RestoredApplication[]> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ id: string; tier: 'shared' | 'dedicated'; sealed: string | null }>(
      `select id, database_tier as tier, sealed_outputs as sealed from public.applications where status <> 'deleted' order by id`,
    ),
  );
  return rows.map(({ id, tier, sealed }) =>
    sealed === null ? { id, tier, login: null, adminUrl: null } : open({ id, tier, sealed }, box),
  );
}

function open({ id, tier, sealed }: { id: string; tier: 'shared' | 'dedicated'; sealed: string }, box: SecretBox): RestoredApplication {
  try {
    const { databaseUrl, databaseAdminUrl } = outputsSchema.parse(JSON.parse(box.open(sealed, id)));
    const url = new URL(databaseUrl);
    const login = { database: url.pathname.slice(1), role: url.username, password: decodeURIComponent(url.password) };
    return { id, tier, login: loginSchema.parse(login), adminUrl: databaseAdminUrl ?? null };
  } catch {
    // What was wrong with it would quote it.
    throw new Error(`The outputs of ${id} can't be read`);
  }
}
