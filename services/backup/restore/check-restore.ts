import type pg from 'pg';
import { encryptionKeyFingerprint } from '../key-fingerprints.ts';
import { readManifest } from '../list-runs.ts';
import { isGood } from '../manifest.ts';
import type { Dump, GoodDump, Manifest } from '../manifest.ts';
import { databaseUrl, withClient } from '../postgres/server.ts';
import type { BackupTarget } from '../targets/target.ts';
import type { RestoreProgress } from './restore-progress.ts';

/** Thrown where a restore must not be begun: says why, and what to do. */
export class RestoreRefusedError extends Error {
  override readonly name = 'RestoreRefusedError';
}

export interface RestoreRequest {
  runId: string;
  /** Applications of the present platform that may be lost, each by its id. */
  discard: readonly string[];
  /** Whether a run in which databases are missing will do. */
  partial: boolean;
}

export interface CheckOptions {
  request: RestoreRequest;
  target: BackupTarget;
  /** As the control server's administrator. */
  adminUrl: string;
  encryptionKey: string;
  passphraseFingerprint: string;
}

export interface CheckedRestore {
  manifest: Manifest;
  control: GoodDump;
  state: GoodDump;
  tenants: GoodDump[];
  /** Databases that the run could not back up. */
  missing: string[];
}

/**
 * Everything that can be known before anything is changed.
 *
 * @param progress of this run's restore: one that has replaced the control database already goes on, whatever is in it by now
 * @throws RestoreRefusedError
 */
export async function checkRestore(options: CheckOptions, progress: RestoreProgress): Promise<CheckedRestore> {
  const { request, target } = options;
  const manifest = await readManifest(target, request.runId);
  if (manifest === 'unfinished')
    throw new RestoreRefusedError(`${request.runId} is no backup at ${target.description}, or was never finished`);
  if (manifest === 'unreadable') throw new RestoreRefusedError(`${request.runId} has a manifest that this version can't read`);
  refuseOtherKeys(manifest, options);
  const good = manifest.databases.filter(isGood);
  const missing = manifest.databases.filter((dump: Dump) => !isGood(dump)).map(({ name }) => name);
  const [control, state] = (['control', 'state'] as const).map((kind) => good.find((dump) => dump.kind === kind));
  if (!control || !state) throw new RestoreRefusedError(`${request.runId} lacks the platform's own databases: take another one`);
  if (missing.length > 0 && !request.partial)
    throw new RestoreRefusedError(`${request.runId} lacks ${missing.join(', ')}: take another one, or add --partial to do without`);
  if (!progress.has(control.name)) await refuseWhatWouldBeLost(options, manifest);
  return { manifest, control, state, tenants: good.filter(({ kind }) => kind === 'tenant'), missing };
}

function refuseOtherKeys({ keys }: Manifest, { encryptionKey, passphraseFingerprint }: CheckOptions): void {
  const others = [
    ...(keys.encryptionKey === encryptionKeyFingerprint(encryptionKey) ? [] : ['ENCRYPTION_KEY']),
    ...(keys.passphrase === passphraseFingerprint ? [] : ["the passphrase of tenants' stacks"]),
  ];
  if (others.length > 0)
    throw new RestoreRefusedError(
      `This platform has another ${others.join(' and another ')} than the one that was backed up: give it that one's first (docs/backups.md, "Keys")`,
    );
}

async function refuseWhatWouldBeLost({ request, adminUrl }: CheckOptions, manifest: Manifest): Promise<void> {
  const [schema, applications] = await withClient(databaseUrl(adminUrl, 'authsome_control'), async (client) => [
    await newestMigration(client),
    await livingApplications(client),
  ]);
  if (manifest.schemaMigration > schema)
    throw new RestoreRefusedError(
      `The backup is of a newer version of the platform (migration ${manifest.schemaMigration}, here ${schema}): bring that one up first`,
    );
  const untold = applications.filter(({ id }) => !request.discard.includes(id));
  if (untold.length > 0)
    throw new RestoreRefusedError(
      `The platform has applications, which would be lost: ${untold.map(({ id, name }) => `${id} (${name})`).join(', ')}. Name each with --discard`,
    );
}

async function newestMigration(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ version: number | null }>('select max(version) as version from public.schema_migrations');
  return rows[0]?.version ?? 0;
}

async function livingApplications(client: pg.Client): Promise<{ id: string; name: string }[]> {
  const { rows } = await client.query<{ id: string; name: string }>(
    `select id, name from public.applications where status <> 'deleted' order by created_at, id`,
  );
  return rows;
}
